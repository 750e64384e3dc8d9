"""Patterns as in a .gitignore, matched byte for byte as git matches them."""

from __future__ import annotations

import os
import re

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BOM = b"\xef\xbb\xbf"
_SPECIAL = frozenset(b"*?[\\")
_SLASH = ord("/")
_CLASSES: dict[bytes, Callable[[bytes], bool]] = {
    b"alnum": bytes.isalnum,
    b"alpha": bytes.isalpha,
    b"blank": lambda byte: byte in b" \t",
    b"cntrl": lambda byte: byte < b" " or byte == b"\x7f",
    b"digit": bytes.isdigit,
    b"graph": lambda byte: b" " < byte < b"\x7f",
    b"lower": bytes.islower,
    b"print": lambda byte: b" " <= byte < b"\x7f",
    b"punct": lambda byte: b" " < byte < b"\x7f" and not byte.isalnum(),
    b"space": bytes.isspace,
    b"upper": bytes.isupper,
    b"xdigit": lambda byte: byte in b"0123456789abcdefABCDEF",
}


class Rule(NamedTuple):
    """What one line of a .gitignore says: which paths it means, and what of them.

    `text` is the whole of what is meant, or its end if `ending`, where nothing in the line is
    special. Otherwise `expression` is matched; where that is None too, nothing ever matches.
    """

    taken_back: bool  # a line that starts with `!`
    folders_only: bool  # one that ends with `/`
    name_only: bool  # one without another `/`: it is about the last part of a path
    text: bytes | None
    ending: bool
    expression: re.Pattern[bytes] | None

    def means(self, path: bytes, name: bytes, *, is_dir: bool) -> bool:
        """Tell whether a path, below the folder of the .gitignore, is meant; `name` ends it."""
        if self.folders_only and not is_dir:
            return False
        subject = name if self.name_only else path
        if self.text is not None:
            return subject.endswith(self.text) if self.ending else subject == self.text
        return self.expression is not None and self.expression.fullmatch(subject) is not None


def rules(content: bytes) -> list[Rule]:
    """Give the rules of a .gitignore, the last line first: the first that means a path decides."""
    found = [
        _rule(_trimmed(line.removesuffix(b"\r").partition(b"\0")[0]))
        for line in content.removeprefix(_BOM).split(b"\n")
        if line and not line.startswith(b"#")
    ]
    return found[::-1]


def decide(rules: Iterable[Rule], path: bytes, *, is_dir: bool) -> bool | None:
    """Tell whether rules leave out a path, or None where they say nothing of it.

    The path is that below the folder of the rules, its parts joined by `/`. Folders above it are
    not looked at: whoever leaves out a folder does not ask about what is in it.
    """
    name = path.rpartition(b"/")[2]
    for rule in rules:
        if rule.means(path, name, is_dir=is_dir):
            return not rule.taken_back
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


def _trimmed(line: bytes) -> bytes:
    """Take off the blanks at the end of a line, but for one behind a backslash."""
    if not line.endswith(b" "):
        return line
    match = re.fullmatch(rb"((?:\\.|[^\\])*?) *", line, re.DOTALL)
    return match[1] if match else line


def _rule(line: bytes) -> Rule:
    taken_back = line.startswith(b"!")
    glob = line[taken_back:]
    folders_only = glob.endswith(b"/")
    glob = glob[: len(glob) - folders_only]
    name_only = b"/" not in glob
    glob = glob.removeprefix(b"/")
    plain = next((at for at, byte in enumerate(glob) if byte in _SPECIAL), len(glob))
    if plain == len(glob):
        return Rule(taken_back, folders_only, name_only, glob, False, None)
    if name_only and glob[:1] == b"*" and not _SPECIAL.intersection(glob[1:]):
        return Rule(taken_back, folders_only, name_only, glob[1:], True, None)
    # git compares what is plain first, so that the rest starts a pattern of its own: that is
    # why the asterisks of `a**/b` are special to it, though its documentation says otherwise
    rest = _expression(glob[plain:])
    whole = None if rest is None else re.compile(re.escape(glob[:plain]) + rest, re.DOTALL)
    return Rule(taken_back, folders_only, name_only, None, False, whole)


def _expression(glob: bytes) -> bytes | None:
    """Give the regular expression of a pattern; None for one that git takes, and never matches."""
    texts: list[bytes] = []
    at = 0
    while at < len(glob):
        byte = glob[at : at + 1]
        at += 1
        if byte == b"*":
            before = at - 2
            while glob[at : at + 1] == b"*":
                at += 1
            many = at - before > 2 and (before < 0 or glob[before] == _SLASH)
            if many and glob[at : at + 1] == b"/":
                texts.append(b"(?:.*/)?")
                at += 1
            else:
                many = many and (at == len(glob) or glob.startswith(b"\\/", at))
                texts.append(b".*" if many else b"[^/]*")
        elif byte == b"?":
            texts.append(b"[^/]")
        elif byte == b"[":
            meant, at = _bracket(glob, at)
            if not meant:
                return None
            texts.append(b"[%b]" % b"".join(b"\\x%02x" % each for each in sorted(meant)))
        else:
            if byte == b"\\":
                byte = glob[at : at + 1]
                at += 1
                if not byte:
                    return None
            texts.append(re.escape(byte))
    return b"".join(texts)


def _bracket(glob: bytes, at: int) -> tuple[set[int], int]:
    """Read what is between brackets, from `at`: the bytes it means, and where it ends.

    It means nothing where it does not end, or names a class that is not there.
    """
    negated = glob[at : at + 1] in (b"!", b"^") and at < len(glob)
    at += negated
    meant: set[int] = set()
    before = -1  # what a range would start from
    first = True
    while first or glob[at : at + 1] != b"]":
        first = False
        if at >= len(glob):
            return set(), at
        byte = glob[at]
        at += 1
        if byte == ord("-") and before >= 0 and glob[at : at + 1] not in (b"", b"]"):
            at += glob[at : at + 1] == b"\\"
            if at >= len(glob):
                return set(), at
            meant.update(range(before, glob[at] + 1))
            at += 1
            before = -1
            continue
        if byte == ord("[") and glob[at : at + 1] == b":":
            end = glob.find(b"]", at + 1)
            if end < 0:
                return set(), at
            if end - 1 > at and glob[end - 1 : end] == b":":
                test = _CLASSES.get(glob[at + 1 : end - 1])
                if test is None:
                    return set(), at
                meant.update(each for each in range(128) if test(bytes((each,))))
                at = end + 1
                before = -1
                continue
        elif byte == ord("\\"):
            if at >= len(glob):
                return set(), at
            byte = glob[at]
            at += 1
        meant.add(byte)
        before = byte
    if negated:
        meant = set(range(256)) - meant
    return meant - {_SLASH}, at + 1
