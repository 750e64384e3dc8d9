"""Where keys and values stand in a TOML text: for messages, and to tell where a value comes from.

The text is known to be valid, for a real parser has read it; only then a scanner can be as small
as this one. It knows the shapes of TOML, not the meanings: strings, tables, arrays, and all else.
"""

from __future__ import annotations

import re

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}' + r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'"
)
_BARE = re.compile(r"[^\s=.\]#,{}\"']+")
# a number, date, time or boolean; a date and its time may be parted by a blank
_OTHER = re.compile(r"\d{4}-\d\d-\d\d \d[^\s#,\]}]*|[^\s#,\]}]+")


class Place(NamedTuple):
    """Where something stands: 0-based offsets of its key and of its value.

    They are the same for an element of an array, and for a table that has no text of its own but
    its name in a header or a dotted key.
    """

    key: int
    value: int


def places(text: str) -> dict[Path, Place]:
    """Give the place of everything in a valid TOML text, by its path of keys and indexes."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, Place] = {}
        self.counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, Place]:
        """Read statement by statement."""
        table: Path = ()
        self._skip()
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
            self._skip()
        return self.found

    def _skip(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        if blank is not None:
            self.at = blank.end()

    def _header(self) -> Path:
        """Read `[a.b]` or `[[a.b]]`; give the path of what the lines below it belong to."""
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        keys = self._keys()
        self.at += 2 if many else 1
        path: Path = ()
        for number, (key, start) in enumerate(keys):
            path = (*path, key)
            self.found.setdefault(path, Place(start, start))
            last = number == len(keys) - 1
            if last and many:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:  # in an array of tables, the last one is meant
                path = (*path, self.counts[path])
                self.found.setdefault(path, Place(start, start))
        return path

    def _pair(self, table: Path) -> None:
        """Read `a.b = value`."""
        keys = self._keys()
        self.at += 1  # =
        self._skip()
        path = table
        for key, start in keys:
            path = (*path, key)
            self.found.setdefault(path, Place(start, start))
        self.found[path] = Place(keys[-1][1], self.at)
        self._value(path)

    def _keys(self) -> list[tuple[str, int]]:
        """Read a dotted key, up to what follows it; give its parts with their offsets."""
        keys: list[tuple[str, int]] = []
        while True:
            self._skip()
            start = self.at
            match = _STRING.match(self.text, start) or _BARE.match(self.text, start)
            assert match is not None, "the text is valid"
            self.at = match.end()
            keys.append((_plain(match[0]), start))
            self._skip()
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _value(self, path: Path) -> None:
        """Read a value; note what it holds."""
        opening = self.text[self.at]
        if opening == "[":
            self.at += 1
            number = 0
            while not self._ends("]"):
                inner = (*path, number)
                self.found[inner] = Place(self.at, self.at)
                self._value(inner)
                number += 1
        elif opening == "{":
            self.at += 1
            while not self._ends("}"):
                self._pair(path)
        else:
            match = _STRING.match(self.text, self.at) or _OTHER.match(self.text, self.at)
            assert match is not None, "the text is valid"
            self.at = match.end()

    def _ends(self, closing: str) -> bool:
        """Go behind a comma; tell whether, and go behind, what closes an array or a table."""
        self._skip()
        if self.text.startswith(",", self.at):
            self.at += 1
            self._skip()
        if self.text.startswith(closing, self.at):
            self.at += 1
            return True
        return False


def _plain(key: str) -> str:
    """Give what a key says: quotes off, escapes resolved by the parser itself."""
    if not key.startswith(('"', "'")):
        return key
    if key.startswith("'") or "\\" not in key:
        return key[1:-1]
    from pipslim.settings.toml import loads

    return next(iter(loads(f"{key} = 0")))
