"""Dockerfile templates, whatever fills them: their own text, with an unknown word for each hole."""

from __future__ import annotations

import re

from pipslim.carriers.chars import Chars
from pipslim.carriers.doubts import Hole, doubts
from pipslim.carriers.part import Part
from pipslim.carriers.tags import MARK, NOTE, VALUE, Tag, tags
from pipslim.syntax.startup import TYPE_CHECKING
from pipslim.syntax.validity import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRAGMA = re.compile(r"\s*pipslim:[^\r\n]*")
_CONTINUED = re.compile(r"\\[ \t]*\r*\Z")
_NO_TEXT = re.compile(r"[ \t]*(?:#[^\n]*)?\r*\Z")
_LONGEST = 40


def parts(text: str) -> tuple[Part, ...]:
    """Give the Dockerfile that a template is: one part.

    Without a hole it is the text as it is. Else each hole is a variable that nobody sets; a line of
    nothing but holes is a comment, also in a continued RUN; a condition or loop between blanks is a
    blank. An ignore comment in a comment of the template's language is one of the Dockerfile, too.
    Raises Unreadable where it cannot be told where a hole ends.
    """
    return (part(text),)


def part(text: str) -> Part:
    """Give what `parts` gives, as one; see there."""
    found = tuple(tags(text))
    if not found:
        places = range(len(text) + 1)
        return Part(text, places[:-1], places[1:], _as_it_is)
    reader = _Reader(text)
    for start, end, inside in _lines(text, found):
        reader.line(start, end, inside)
    chars = reader.chars
    seams = doubts(chars.text, reader.holes)
    shown = tuple(reader.shown)
    return Part(
        chars.text, chars.starts, chars.ends, _as_it_is, seams, whole=False, shown=shown
    )


def _as_it_is(text: str, offset: int) -> str:
    return text


def _lines(text: str, found: tuple[Tag, ...]) -> Iterator[tuple[int, int, list[Tag]]]:
    """Give the lines of a text, newlines in tags aside: start, end with the newline, the tags."""
    start = at = number = 0
    while start < len(text):
        inside: list[Tag] = []
        while True:
            end = text.find("\n", at)
            end = len(text) if end < 0 else end + 1
            if number == len(found) or found[number].start >= end:
                break
            inside.append(found[number])
            at = found[number].end
            number += 1
        yield start, end, inside
        start = at = end


class _Reader:
    """Puts a template's text together, line by line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._continued = False
        self._name = "_hole_"
        while self._name in text:
            self._name += "_"
        self.chars = Chars()
        self.holes: list[Hole] = []
        self.shown: list[tuple[str, str]] = []

    def line(self, start: int, end: int, inside: list[Tag]) -> None:
        """Add a line; `inside` are its tags."""
        text = self._text
        if not inside:
            self.chars.same(text[start:end], start)
            line = text[start:end].rstrip("\n")
            if not _NO_TEXT.match(line):
                self._continued = _CONTINUED.search(line) is not None
            return
        first, last = inside[0].start, inside[-1].end
        rest = self._rest(start, end, inside)
        marks = all(tag.kind != VALUE for tag in inside)
        ahead = text[start:first].strip()
        if not rest or (marks and rest == "\\" and not ahead and text[last:end].strip() == "\\"):
            if marks or not self._ends_here(end):
                self._comment(start, end, inside)
                return
        if ahead.startswith("#"):
            self.chars.same(text[start:first], start)
            for tag, behind in zip(inside, [*inside[1:], None], strict=True):
                self._hole(tag, text[tag.start : tag.end].replace("\n", " "), seen=False)
                self.chars.same(text[tag.end : behind.start if behind else end], tag.end)
            return
        at = start
        for tag in inside:
            self.chars.same(text[at : tag.start], at)
            if tag.kind != VALUE and self._apart(start, tag):
                self._hole(tag, " ", seen=False)
            else:
                self._word(tag)
            at = tag.end
        self.chars.same(text[at:end], at)
        self._continued = _CONTINUED.search(rest) is not None

    def _rest(self, start: int, end: int, inside: list[Tag]) -> str:
        """Give what of a line is no tag, without blanks at its ends."""
        places = [start, *(place for tag in inside for place in (tag.start, tag.end)), end]
        pieces = zip(places[::2], places[1::2], strict=True)
        return "".join([self._text[low:high] for low, high in pieces]).strip()

    def _ends_here(self, end: int) -> bool:
        """Tell whether a line that is a value, behind a continued one, is the end of a RUN.

        So it seems where the next line of text begins an instruction, or there is none.
        """
        if not self._continued:
            return False
        for line in self._text[end:].split("\n"):
            bare = line.strip()
            if bare and not bare.startswith("#"):
                return bare.split()[0].upper() in KEYWORDS or bare.startswith(("{%", "{{", "<%"))
        return True

    def _apart(self, start: int, tag: Tag) -> bool:
        """Tell whether a tag stands between blanks, or first in its line."""
        text = self._text
        if not text[start : tag.start].strip():
            return True
        return text[tag.start - 1] in " \t" and text[tag.end : tag.end + 1] in ("", *" \t\r\n\\")

    def _hole(self, tag: Tag, instead: str, *, seen: bool) -> None:
        """Add a tag, `instead` of it its text."""
        at = len(self.chars.starts)
        self.chars.hole(tag.start, tag.end, instead)
        raw = self._text[tag.start : tag.end]
        cache = tag.kind != NOTE and "cache" in raw.lower()
        hole = Hole(at, at + len(instead), seen, tag.kind == VALUE, cache)
        self.holes.append(hole)

    def _word(self, tag: Tag) -> None:
        name = f"{self._name}{len(self.shown)}_"
        raw = " ".join(self._text[tag.start : tag.end].split())
        self.shown.append((name, raw if len(raw) <= _LONGEST else f"{raw[:_LONGEST]}…"))
        self._hole(tag, f"${{{name}}}", seen=True)

    def _comment(self, start: int, end: int, inside: list[Tag]) -> None:
        """Add a line of nothing but tags: a comment, in the tags' place."""
        text = self._text
        first, last = inside[0].start, inside[-1].end
        self.chars.same(text[start:first], start)
        tag = inside[0]
        pragma = _pragma(text, tag) if len(inside) == 1 else None
        if pragma is not None:
            low, high = pragma
            at = len(self.chars.starts)
            self.chars.hole(tag.start, low, "#")
            self.chars.same(text[low:high], low)
            self.holes.append(Hole(at, len(self.chars.starts), seen=False, text=False))
        else:
            kind = VALUE if any(each.kind == VALUE for each in inside) else MARK
            if all(each.kind == NOTE for each in inside):
                kind = NOTE
            self._hole(Tag(first, last, kind), f"#{self._name}", seen=False)
        self.chars.same(text[last:end], last)


def _pragma(text: str, tag: Tag) -> tuple[int, int] | None:
    """Give the place of an ignore comment in a comment of the template's language."""
    if tag.kind != NOTE:
        return None
    low = tag.start + 2
    while text[low] in "-+~#!/* \t":
        low += 1
    high = tag.end - 2
    while text[high - 1] in "-+~*/ \t":
        high -= 1
    match = _PRAGMA.fullmatch(text[low:high])
    return (low, high) if match is not None else None
