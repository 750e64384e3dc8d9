"""The nodes of a parsed Dockerfile: immutable, each with its place in the file."""

from __future__ import annotations

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.syntax.source import Span, View


class Heredoc(NamedTuple):
    """A here-document of a RUN, COPY or ADD: `<<name` and its body.

    `body` spans the body's lines, `end` is behind the terminator (before its newline); both count
    from the instruction's first character.
    `expand` is false where a part of the name is quoted, `chomp` true for `<<-`.
    """

    name: str
    chomp: bool
    expand: bool
    body: Span
    end: int


class Flag(NamedTuple):
    """A builder flag such as `--mount=type=cache,target=/x`, as offsets into the logical text."""

    name: str
    value: str
    start: int
    end: int


class Instruction(NamedTuple):
    """One instruction as BuildKit's parser sees it.

    `keyword` is upper-case. `start` and `end` are file offsets, from the first character of the
    keyword to behind the last line (its heredocs included), without the final newline. `view.text`
    is the logical text: continued lines joined, comments between them left out; `view` leads to
    offsets from `start`, so that it is the same wherever the instruction stands. `args` is the
    offset in the logical text where the arguments begin.
    """

    keyword: str
    start: int
    end: int
    view: View
    args: int
    heredocs: tuple[Heredoc, ...]

    @property
    def arguments(self) -> str:
        """The logical text behind the keyword, without blanks at its ends."""
        return self.view.text[self.args :].strip()

    def at(self, offset: int) -> int:
        """Give the file offset of the character at `offset` of the logical text."""
        return self.start + self.view.at(offset)

    def after(self, offset: int) -> int:
        """Give the file offset just behind the character before `offset`, on that one's line."""
        return self.start + self.view.after(offset)


class Stage(NamedTuple):
    """One build stage: its number from 0, the half-open range of its instructions, FROM first."""

    number: int
    first: int
    last: int


class Document(NamedTuple):
    """A whole Dockerfile.

    `text` is the file, byte order mark included, and all offsets are into it. `comments` spans
    every comment line outside heredocs, also those inside a continued instruction. `escape` is the
    file's escape character. `directives` maps `syntax`, `escape`, `check` to their values.
    """

    text: str
    escape: str
    directives: dict[str, str]
    instructions: tuple[Instruction, ...]
    comments: tuple[Span, ...]
    stages: tuple[Stage, ...]

    def line(self, offset: int) -> int:
        """Give the 1-based line of an offset; it counts from the start, so not for many."""
        return self.text.count("\n", 0, offset) + 1

    def pieces(self) -> list[str]:
        """Give the raw pieces, instructions and what stands between; joined they are the text."""
        pieces: list[str] = []
        done = 0
        for instruction in self.instructions:
            pieces.append(self.text[done : instruction.start])
            pieces.append(self.text[instruction.start : instruction.end])
            done = instruction.end
        pieces.append(self.text[done:])
        return pieces


class Unparsable(NamedTuple):
    """Why a text is not a Dockerfile that can be rewritten: where, what, and what to do."""

    offset: int
    reason: str
