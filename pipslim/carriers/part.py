"""A Dockerfile inside another file: its text, and where each of its characters stands there."""

from __future__ import annotations

from pipslim.syntax.edits import Edit, apply
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
    a Dockerfile; if not, text that cannot be read as one is none, and nothing is told. `fits` tells
    whether the host, with its lines indented as they are, can say a text at all; None: any. At
    `joints` one literal ends and the next begins: no edit may span one, but text may be put in
    there. With `bare` it is a step of a build of which no more is known: then nothing is looked for
    but what puts a word into it. `remedy` is what is told, instead of the usual, where nothing can
    be done.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    quote: Callable[[str, int], str | None]
    seams: frozenset[int] = frozenset()
    whole: bool = True
    surely: bool = True
    shown: tuple[tuple[str, str], ...] = ()
    fits: Callable[[str], bool] | None = None
    joints: frozenset[int] = frozenset()
    bare: bool = False
    remedy: str = ""

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

    def unfit(self, edits: Sequence[Edit], *, in_lines: bool = False) -> list[Edit]:
        """Give which of the edits of the text cannot be made in the host.

        Where only all of them together cannot, it is those that put in lines, join them, or take
        some away; with `in_lines` it is those anyway.
        """
        found = [edit for edit in edits if self.in_host(edit) is None]
        if found or self.fits is None:
            return found
        if not in_lines and self.fits(apply(self.text, edits)):
            return []
        return [each for each in edits if "\n" in each.text + self.text[each.start : each.end]]

    def in_host(self, edit: Edit) -> Edit | None:
        """Give an edit of the text as one of the host; None where it cannot be made there."""
        start, end, text = edit
        while end > start and text and self.text[end - 1] == text[-1] == "\n":
            end, text = end - 1, text[:-1]  # a newline put back: the next line has its own blanks
        if not self.starts or any(start <= seam <= end for seam in self.seams):
            return None
        if start < end and any(start <= joint < end for joint in self.joints):
            return None
        quoted = self.quote(text, start) if text else ""
        if quoted is None:
            return None
        # behind the character ahead: so a line goes with its indentation
        low = self.ends[start - 1] if start else self.starts[0]
        high = self.ends[end - 1] if end > start else low
        at_line = start > 0 and self.text[start - 1] == "\n"
        whole = end > start and self.text[end - 1] == "\n"
        behind = self.text[end : end + 1].strip("\n")  # the rest of a line, which stays
        if not (text[-1] == "\n" if text else at_line):
            if whole:
                if end in self.joints and end < len(self.starts):
                    return None
                high = self.place(end)  # the next line is joined to this, without its indentation
        elif behind and not (at_line and (whole or start == end)):
            line = self.quote("\n#", start)  # the rest of a line becomes one of its own
            if line is None:
                return None
            quoted += line[line.rfind("\n") + 1 : -1] if "\n" in line else ""
        return Edit(low, high, quoted)
