"""A text put together of a host's characters, each with its place there; holes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What stands for a hole in the text of a part: a variable that nobody sets, so nothing is known.
HOLE = "${_hole_}"
# How it is told of: which of them it is need not be known.
SHOWN = (("_hole_", "${…}"),)


class Chars:
    """The characters of a part as they are read; places are 0-based offsets into the host."""

    __slots__ = ("ends", "parts", "seams", "starts", "whole")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.seams: set[int] = set()
        self.whole = True

    def same(self, text: str, start: int) -> None:
        """Add text that stands in the host as it is."""
        self.parts.append(text)
        self.starts += range(start, start + len(text))
        self.ends += range(start + 1, start + len(text) + 1)

    def escaped(self, char: str, start: int, end: int) -> None:
        """Add one character that the host writes in its own way."""
        self.parts.append(char)
        self.starts.append(start)
        self.ends.append(end)

    def taken(self, text: str, starts: Sequence[int], ends: Sequence[int]) -> None:
        """Add text of which each character has its place."""
        self.parts.append(text)
        self.starts += starts
        self.ends += ends

    def hole(self, start: int, end: int, shown: str = HOLE) -> None:
        """Add a stretch of the host that stands for text which is not known, as `shown`."""
        at = len(self.starts)
        self.parts.append(shown)
        self.starts += [start] * len(shown)
        self.ends += [end] * len(shown)
        self.seams.update(range(at, at + len(shown) + 1))
        self.whole = False

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self.parts)
