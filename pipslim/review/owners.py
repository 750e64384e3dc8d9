"""Who owns a file: CODEOWNERS as GitHub and GitLab read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipslim.files import disk
from pipslim.syntax.source import BOM, decode

if TYPE_CHECKING:
    from collections.abc import Iterable

# Where it may be, first one first: GitHub's order, then the place that only GitLab knows.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")

_HEADING = re.compile(r"\^?\[([^\]]+)\](?:\[\d+\])?(?:\s+(.*))?")
_WORD = re.compile(r"(?:\\.|\S)+")
_OWNER = re.compile(r"@\S+|[^\s@]+@[^\s@]+")
_PART = re.compile(r"(?:(?<=/)|\A)(\*\*/)|(?<=/)(\*\*)\Z|(\*+)|(\?)|\\?(.)", re.DOTALL)


class Rule(NamedTuple):
    """A line of CODEOWNERS: what it matches, and whom it names.

    `section` is that of GitLab it stands in, in lower case; nothing ahead of the first. One that
    is `excluded` takes files out of its section.
    """

    pattern: re.Pattern[str]
    owners: tuple[str, ...]
    section: str = ""
    excluded: bool = False


class Owners:
    """Answers who owns a file, from the rules of a CODEOWNERS file in their order."""

    __slots__ = ("_sections",)

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._sections: dict[str, list[Rule]] = {}
        for rule in rules:
            self._sections.setdefault(rule.section, []).append(rule)

    def of(self, path: str) -> tuple[str, ...]:
        """Give the owners of a file, by its path from the top of the repository, with slashes.

        In each section the last line that matches decides, also where it names nobody.
        """
        found: dict[str, None] = {}
        for rules in self._sections.values():
            matching = [rule for rule in rules if rule.pattern.fullmatch(path)]
            if matching and not any(rule.excluded for rule in matching):
                found.update(dict.fromkeys(matching[-1].owners))
        return tuple(found)


def find(root: str) -> Owners | None:
    """Give the owners of a repository's files, None without CODEOWNERS; raises disk.Unreachable."""
    for place in PLACES:
        data = disk.read_if_there(f"{root}/{place}")
        if data is not None:
            return Owners(read(decode(data)))
    return None


def read(text: str) -> list[Rule]:
    """Give the rules of a CODEOWNERS file.

    The patterns are those of GitHub, and GitLab's sections with their default owners are known; see
    https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    and https://docs.gitlab.com/user/project/codeowners/reference/. As with GitHub, a line with a
    word that names no owner is left out.
    """
    rules: list[Rule] = []
    section = ""
    default: tuple[str, ...] = ()
    for line in text.removeprefix(BOM).split("\n"):
        line = line.strip()
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            section = heading[1].strip().lower()
            default = _owners((heading[2] or "").split()) or ()
            continue
        if not line or line.startswith("#"):
            continue
        pattern, *words = _WORD.findall(line)
        owners = _owners(words)
        if owners is None:
            continue
        excluded = pattern.startswith("!") and len(pattern) > 1
        rules.append(Rule(_expression(pattern[excluded:]), owners or default, section, excluded))
    return rules


def _owners(words: list[str]) -> tuple[str, ...] | None:
    """Give the owners named by words, up to a comment; None where a word names none."""
    found: list[str] = []
    for word in words:
        if word.startswith("#"):
            break
        if not _OWNER.fullmatch(word):
            return None
        found.append(word)
    return tuple(found)


def _expression(pattern: str) -> re.Pattern[str]:
    """Give what matches, as a whole, the paths that a pattern means.

    It means what it would in a .gitignore, but that `/*` at its end goes no deeper, and that there
    are no ranges in brackets.
    """
    parts = [] if "/" in pattern.rstrip("/") else ["(?:.*/)?"]
    for deep, rest, some, one, character in _PART.findall(pattern.strip("/")):
        if deep:
            parts.append("(?:.*/)?")
        elif rest:
            parts.append(".+")
        elif some:
            parts.append("[^/]*")
        else:
            parts.append("[^/]" if one else re.escape(character))
    if pattern.endswith("/"):
        parts.append("/.*")
    elif not pattern.endswith("/*"):
        parts.append("(?:/.*)?")
    return re.compile("".join(parts), re.DOTALL)
