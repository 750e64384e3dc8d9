"""Dockerfile templates, whatever fills them: their own text, with an unknown word for each hole."""

from __future__ import annotations

import re

from pipslim.carriers.chars import Chars
from pipslim.carriers.doubts import Hole, doubts
from pipslim.carriers.part import Part
from pipslim.carriers.tags import MARK, NOTE, VALUE, Tag, tags
from pipslim.syntax.source import BOM
from pipslim.syntax.startup import TYPE_CHECKING
from pipslim.syntax.validity import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRAGMA = re.compile(r"\s*pipslim:[^\r\n]*")
_CONTINUED = re.compile(r"\\[ \t]*\r*\Z")
_FROM = re.compile(r"^[ \t]*FROM[ \t]", re.MULTILINE | re.IGNORECASE)
# a condition that eats the newline ahead of it, and continues that line
_EATS = re.compile(r"[ \t]*\r?\n\s*\Z")
_GOES_ON = re.compile(r"[ \t]*\\[ \t]*\r?\n")
_HEREDOC = re.compile(r"<<(-?)[\"']?(\w+)")
_TAKES_HEREDOC = re.compile(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)
_NO_TEXT = re.compile(r"[ \t]*(?:#[^\n]*)?\r*\Z")
_LONGEST = 40


def parts(text: str) -> tuple[Part, ...]:
    """Give the Dockerfile that a template is: one part, or none where it has no FROM.

    Without a hole it is the text as it is. Else each hole is a variable that nobody sets; a line of
    nothing but holes is a comment, also in a continued RUN; a condition or loop between blanks is a
    blank; an instruction whose keyword is a hole is a RUN. An ignore comment in a comment of the
    template's language is one of the Dockerfile, too. Raises Unreadable where it cannot be told
    where a hole ends.
    """
    return (part(text),) if _FROM.search(text.removeprefix(BOM)) else ()


def part(text: str) -> Part:
    """Give what `parts` gives, as one; see there."""
    return filled(text, tuple([_eating(text, tag) for tag in tags(text)]))


def filled(text: str, found: tuple[Tag, ...]) -> Part:
    """Give the Dockerfile that a template with these tags is; they are in order."""
    if not found:
        places = range(len(text) + 1)
        return Part(text, places[:-1], places[1:], _as_it_is)
    reader = _Reader(text)
    for start, end, inside in _lines(text, found):
        reader.line(start, end, inside)
    chars = reader.chars
    seams = doubts(chars.text, reader.holes)
    shown = tuple(reader.shown)
    return Part(chars.text, chars.starts, chars.ends, _as_it_is, seams, whole=False, shown=shown)


def _eating(text: str, tag: Tag) -> Tag:
    """Give a tag with the newline ahead of it, where it eats that and its line goes on."""
    if tag.kind == MARK and text[tag.start + 2 : tag.start + 3] == "-":
        if _GOES_ON.match(text, tag.end):
            ahead = _EATS.search(text, max(tag.start - 200, 0), tag.start)
            if ahead is not None and not text[: ahead.start()].endswith("\\"):
                return tag._replace(start=ahead.start())
    return tag


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
        self._until: list[tuple[str, str]] = []  # heredocs that are open: what to strip, the end
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
            self._follow(text[start:end].rstrip("\n"))
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
                begins = not (ahead or self._continued or self._until or tag != inside[0])
                self._word(tag, "RUN " if begins else "")
            at = tag.end
        self.chars.same(text[at:end], at)
        self._follow(rest or self._name)

    def _follow(self, line: str) -> None:
        """Take in whether the line behind one is more of its instruction, or of a heredoc."""
        if self._until:
            strip, name = self._until[0]
            if line.rstrip("\r").lstrip(strip) == name:
                del self._until[0]
        elif not _NO_TEXT.match(line):
            found = _HEREDOC.findall(line) if self._continued or _TAKES_HEREDOC.match(line) else []
            self._until = [("\t" if dash else "", name) for dash, name in found]
            self._continued = not found and _CONTINUED.search(line) is not None

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
        blank = text[tag.start] in " \t\r\n" or text[tag.start - 1] in " \t"
        return blank and text[tag.end : tag.end + 1] in ("", *" \t\r\n\\")

    def _hole(self, tag: Tag, instead: str, *, seen: bool) -> None:
        """Add a tag, `instead` of it its text."""
        at = len(self.chars.starts)
        self.chars.hole(tag.start, tag.end, instead)
        raw = self._text[tag.start : tag.end]
        cache = tag.kind != NOTE and "cache" in raw.lower()
        kind, loop = tag.kind, tag.loop
        end = at + len(instead)
        self.holes.append(Hole(at, end, seen, kind == VALUE, kind == MARK, loop, cache))

    def _word(self, tag: Tag, ahead: str) -> None:
        name = f"{self._name}{len(self.shown)}_"
        raw = " ".join(self._text[tag.start : tag.end].split())
        self.shown.append((name, raw if len(raw) <= _LONGEST else f"{raw[:_LONGEST]}…"))
        self._hole(tag, f"{ahead}${{{name}}}", seen=True)

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
            kinds = {each.kind for each in inside}
            kind = next(each for each in (VALUE, MARK, NOTE) if each in kinds)
            loop = any(each.loop for each in inside)
            self._hole(Tag(first, last, kind, loop), f"#{self._name}", seen=False)
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
