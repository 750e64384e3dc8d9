"""Bytes to text and back without loss, and where a character of a text stands in its file."""

from __future__ import annotations

from bisect import bisect_right

from pipslim.syntax.startup import NamedTuple, record

BOM = "\ufeff"


def decode(data: bytes) -> str:
    """Give the text of a file's bytes; every byte survives `encode`, UTF-8 or not.

    Bytes that are not UTF-8 become lone surrogates (PEP 383). A byte order mark stays the first
    character; newlines are kept as they are.
    """
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Give back the bytes that `decode` read. A surrogate that `decode` never makes is kept too."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class Span(NamedTuple):
    """A half-open range of 0-based character offsets into a text."""

    start: int
    end: int


def _in_file(segment: tuple[int, int, int]) -> int:
    return segment[1]


class View(NamedTuple):
    """A text as some reader sees it, with the place of each of its characters in its source.

    `segments` are `(offset in text, offset in source, length)`, in order, and tile the text: an
    instruction continued over five lines has five, a JSON string one for each stretch between
    escapes. Offsets are 0-based characters; the source is the raw text of the instruction, or the
    text of another view.
    """

    text: str
    segments: tuple[tuple[int, int, int], ...]

    def at(self, offset: int) -> int:
        """Give the place of the character at `offset`; the end of the text is its last + 1.

        Raises IndexError when the text is empty.
        """
        segments = self.segments
        index = 0
        if len(segments) > 1:
            index = bisect_right(segments, (offset, 1 << 62, 0)) - 1
        text_offset, file_offset, _ = segments[index]
        return file_offset + offset - text_offset

    def after(self, offset: int) -> int:
        """Give the place just behind the character before `offset` (`offset` ≥ 1).

        An insertion meant to follow a word belongs here: on that word's own line, ahead of any
        continuation mark.
        """
        return self.at(offset - 1) + 1

    def covered(self, low: int, high: int) -> list[tuple[int, int]]:
        """Give the ranges of this text that come from the source's range `low` to `high`."""
        found: list[tuple[int, int]] = []
        segments = self.segments
        at = 0
        if len(segments) > 8:  # they are in the order of the file, too
            at = max(bisect_right(segments, low, key=_in_file) - 1, 0)
        while at < len(segments) and segments[at][1] < high:
            text_offset, file_offset, length = segments[at]
            at += 1
            start, end = max(low, file_offset), min(high, file_offset + length)
            if start < end:
                shift = text_offset - file_offset
                if found and found[-1][1] == start + shift:
                    found[-1] = (found[-1][0], end + shift)
                else:
                    found.append((start + shift, end + shift))
        return found

    def part(self, start: int, end: int) -> View:
        """Give the view of `text[start:end]`."""
        if len(self.segments) == 1:
            text_offset, file_offset, _ = self.segments[0]
            text = self.text[start:end]
            return record(View, (text, ((0, file_offset + start - text_offset, len(text)),)))
        if end == len(self.text) and start < self.segments[0][2]:
            first, *others = self.segments
            head = (0, first[1] + start, first[2] - start)
            rest = [(at - start, offset, length) for at, offset, length in others]
            return record(View, (self.text[start:], (head, *rest)))
        segments = []
        for text_offset, file_offset, length in self.segments:
            low, high = max(start, text_offset), min(end, text_offset + length)
            if low < high:
                segments.append((low - start, file_offset + low - text_offset, high - low))
        return View(self.text[start:end], tuple(segments))


class Lines:
    """The positions of many offsets of a text, quickest in ascending order."""

    __slots__ = ("_at", "_line", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1

    def position(self, offset: int) -> Position:
        """Give the line and column of a 0-based offset; a byte order mark takes no column."""
        if offset < self._at:
            self._at, self._line = 0, 1
        text = self._text
        self._line += text.count("\n", self._at, offset)
        self._at = offset
        column = offset - text.rfind("\n", 0, offset)
        if self._line == 1 and column > 1 and text.startswith(BOM):
            column -= 1
        return record(Position, (self._line, column))


class Position(NamedTuple):
    """A 1-based line and a 1-based column, in characters, as editors count them."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


def position(text: str, offset: int) -> Position:
    """Give the line and column of one offset, as `Lines` does."""
    return Lines(text).position(offset)


def newline_at(text: str, offset: int) -> str:
    r"""Give the newline, `\n` or `\r\n`, that the line at `offset` ends with.

    A last line without one takes the newline of the line before it; a text without any takes `\n`.
    """
    end = text.find("\n", offset)
    if end < 0:
        end = text.rfind("\n", 0, offset)
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
