"""Texts put together of characters that each have a place in another text."""

from __future__ import annotations

from pipslim.syntax.source import View
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOLE_TEXT = "${_}"
"""What a shell reads where Python fills in a part of its script: a variable that nobody knows."""


class Chars:
    """A text on its way, and the offset in its source of each of its characters."""

    __slots__ = ("offsets", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.offsets: list[int] = []

    def put(self, text: str, offset: int) -> None:
        """Add a text that stands at an offset of the source as it is."""
        self.parts.append(text)
        self.offsets.extend(range(offset, offset + len(text)))

    def fill(self, text: str, offset: int) -> None:
        """Add a text that stands for what is at an offset, of whatever length."""
        self.parts.append(text)
        self.offsets.extend([offset] * len(text))

    def add(self, other: Chars, start: int = 0, end: int | None = None) -> None:
        """Add another one, or a stretch of it."""
        self.parts.append(other.text[start:end])
        self.offsets += other.offsets[start:end]

    @property
    def text(self) -> str:
        """The text as it is by now."""
        return "".join(self.parts)

    def view(self, source: View | None = None) -> View:
        """Give the view of the text, through that of its source where there is one."""
        offsets: Iterable[int] = self.offsets
        if source is not None:
            offsets = map(source.at, self.offsets)
        segments: list[tuple[int, int, int]] = []
        start = first = length = 0
        for at, offset in enumerate(offsets):
            if length and offset == first + length:
                length += 1
                continue
            if length:
                segments.append((start, first, length))
            start, first, length = at, offset, 1
        if length:
            segments.append((start, first, length))
        return View(self.text, tuple(segments))
