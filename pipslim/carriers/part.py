"""A Dockerfile inside another file: its text, and where each of its characters stands there."""

from __future__ import annotations

from pipslim.syntax.edits import Edit
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Unreadable(Exception):
    """A host file that cannot be read: where, as a 0-based offset in characters, and why.

    The reason says what to do as well.
    """

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


def indenting(content: str, prefix: str) -> Callable[[str, int], str]:
    """Give what writes text that is put in at an offset of `content`: new lines have a prefix.

    All lines of the host that `content` stands in have it, but for blank ones.
    """

    def quote(text: str, offset: int) -> str:
        at_start = offset > 0 and content[offset - 1] == "\n"
        lines = text.split("\n")
        written = [
            (prefix if line.strip("\r") and (number or at_start) else "") + line
            for number, line in enumerate(lines)
        ]
        if len(lines) > 1 and not lines[-1] and not at_start:
            written[-1] = prefix  # what stands there goes on in a line of its own
        return "\n".join(written)

    return quote


class Part(NamedTuple):
    """A Dockerfile in a host file.

    `text` is what a builder would get. `starts` and `ends` give for each of its characters where it
    begins and ends in the host (0-based offsets): `$$` of a compose file is one character of two.
    `quote` writes a text, put in at an offset of `text`, as the host has to say it; None where it
    cannot. `seams` are offsets that no edit may touch or span: where text meets a hole, or one
    literal the next. With `whole` false there are holes in the text, words or lines that nobody
    knows: then only what puts a word into a RUN may be done. `surely` tells that it is meant to be
    a Dockerfile; if not, text that cannot be read as one is none, and nothing is told.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    quote: Callable[[str, int], str | None]
    seams: frozenset[int] = frozenset()
    whole: bool = True
    surely: bool = True
    shown: tuple[tuple[str, str], ...] = ()

    def place(self, offset: int) -> int:
        """Give the place in the host of an offset of the text; of its end, behind the last one."""
        if not self.starts:
            return 0
        return self.starts[offset] if offset < len(self.starts) else self.ends[-1]

    def told(self, text: str) -> str:
        """Give what is told of the part with its holes as the host has them."""
        for name, hole in self.shown:
            if name in text:
                text = text.replace(f"${{{name}}}", hole).replace(f"${name}", hole)
        return text

    def in_host(self, edit: Edit) -> Edit | None:
        """Give an edit of the text as one of the host; None where it cannot be made there."""
        start, end, text = edit
        while end > start and text and self.text[end - 1] == text[-1]:
            end, text = end - 1, text[:-1]  # a newline put back: the next line has its own blanks
        if not self.starts or any(start <= seam <= end for seam in self.seams):
            return None
        quoted = self.quote(text, start) if text else ""
        if quoted is None:
            return None
        # behind the character ahead: so a line goes with its indentation
        low = self.ends[start - 1] if start else self.starts[0]
        at_line = start > 0 and self.text[start - 1] == "\n"
        rest = end > start and self.text[end - 1] != "\n"  # of a line, which stays
        if at_line and rest and (not text or text[-1] == "\n"):
            quoted += (self.quote("#", start) or "#")[:-1]
        return Edit(low, self.ends[end - 1] if end > start else low, quoted)
