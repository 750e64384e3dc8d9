"""Patterns as in a .gitignore: which paths they mean, line by line, as pathspec reads them."""

from __future__ import annotations

import os
import re
import warnings

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHER_THAN = re.compile(rb"(?<!\\)\[\^(?![/\]])")
# git takes the spaces off the end of a line, but for one behind a backslash; pathspec not all then
_TRIMMED = re.compile(rb"((?:\\.|[^\\])*?) *", re.DOTALL)
_BOM = b"\xef\xbb\xbf"
_FOLDER = "ps_d"  # the group of pathspec's expressions that is the slash behind a whole match


class Rule(NamedTuple):
    """What one line of a .gitignore says: which paths it means, and whether it takes them back."""

    expression: re.Pattern[bytes]
    taken_back: bool


def rules(content: bytes) -> list[Rule]:
    """Give the rules of a .gitignore, the last line first: the first that means a path decides."""
    found: list[Rule] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of `[[a]`, by the expressions' compiler
        for line in content.removeprefix(_BOM).split(b"\n"):
            line = line.removesuffix(b"\r")
            trimmed = _TRIMMED.fullmatch(line)
            try:
                rule = GitIgnoreSpecPattern(trimmed[1] if trimmed is not None else line)
            except (GitIgnorePatternError, re.error):
                continue  # git takes it, and it never matches
            if rule.regex is not None:
                # names may hold newlines; and with git no class means a slash
                pattern = _OTHER_THAN.sub(b"[^/", rule.regex.pattern)
                expression = re.compile(pattern, re.DOTALL)
                found.append(Rule(expression, not rule.include))
    return found[::-1]


def decide(rules: Iterable[Rule], path: bytes, *, is_dir: bool) -> bool | None:
    """Tell whether rules leave out a path, or None where they say nothing of it.

    The path is that below the folder of the rules, its parts joined by `/`. Folders above it are
    not looked at: whoever leaves out a folder does not ask about what is in it.
    """
    for expression, taken_back in rules:
        whole = _FOLDER in expression.groupindex
        for match in expression.finditer(path + b"/" if whole and is_dir else path):
            if not whole or match.end(_FOLDER) in (-1, len(match.string)):
                return not taken_back
    return None


class Patterns:
    """Patterns as in a .gitignore that lies in a folder, the base; one line each."""

    __slots__ = ("_base", "_folders", "_rules")

    def __init__(self, lines: Iterable[str], base: str = ".") -> None:
        self._rules = rules("\n".join(lines).encode("utf-8", "surrogateescape"))
        self._base = os.path.join(os.path.abspath(base), "")
        self._folders: dict[bytes, bool | None] = {b"": None}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, path: str, is_dir: bool = False) -> bool | None:
        """Tell whether a path, or a folder between it and the base, is meant.

        None where the patterns say nothing of it, as of all outside the base; False where one with
        `!` decides. As with git, nothing in a folder that is meant can be taken back. The path is
        absolute, or relative to the current folder.
        """
        path = os.path.abspath(path)
        if not path.startswith(self._base):
            return None
        below = path[len(self._base) :].replace(os.sep, "/")
        return self.below(os.fsencode(below), is_dir=is_dir)

    def below(self, path: bytes, *, is_dir: bool = False) -> bool | None:
        """Tell the same of a path seen from the base, its parts joined by `/`."""
        above = self._folder(path.rpartition(b"/")[0])
        if above:
            return True
        answer = decide(self._rules, path, is_dir=is_dir)
        return above if answer is None else answer

    def _folder(self, path: bytes) -> bool | None:
        known = self._folders
        unknown: list[bytes] = []
        while path not in known:
            unknown.append(path)
            path = path.rpartition(b"/")[0]
        answer = known[path]
        while unknown:
            path = unknown.pop()
            if not answer:
                here = decide(self._rules, path, is_dir=True)
                answer = answer if here is None else here
            known[path] = answer
        return answer
