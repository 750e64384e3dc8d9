"""The nodes of a shell script: immutable, each with its place in the text."""

from __future__ import annotations

from pipslim.syntax.startup import NamedTuple, record

HOLE = "\0"
"""Stands in a word's value for what an expansion will put there."""


FILLED = "\ue000"
"""Stands in the text of a Python script for a character of what a shell fills in."""


class Word(NamedTuple):
    """A word of a command: its span in the script, and its value with the quotes removed.

    Each expansion (`$x`, `${x}`, `$(…)`, backticks, `$((…))`) is one HOLE in `value`.
    """

    start: int
    end: int
    value: str


class Redirect(NamedTuple):
    """A redirection: operator such as `>` or `2>&`'s `>&`, and its target."""

    operator: str
    start: int
    target: Word


class Command(NamedTuple):
    """A simple command.

    `nest` names the constructs around it, outermost first: `if while until for case { ( function
    $( [[`. `lead` is what stands before it: an operator (`&& || ; | & newline`), a reserved word,
    an opening bracket, or nothing at the start.
    """

    words: tuple[Word, ...]
    assignments: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int
    nest: tuple[str, ...]
    lead: str
    heredocs: tuple[tuple[int, int, bool], ...] = ()

    @property
    def name(self) -> str:
        """The value of the first word; empty for a command of assignments alone."""
        return self.words[0].value if self.words else ""


class Script(NamedTuple):
    """A whole script: its simple commands, and all its tokens in order, comments left out.

    A token is a word; an operator, a reserved word or a bracket, as a Word of that value; or the
    body of a heredoc, without a value. A script is a function of its tokens: equal texts of them
    mean equal trees.
    """

    commands: tuple[Command, ...]
    tokens: tuple[Word, ...]


class Opaque(NamedTuple):
    """A script that could not be followed: where reading stopped, and why."""

    offset: int
    reason: str


class Python(NamedTuple):
    """A script in Python that could be followed: what Python reads, and what is not sure of it.

    In `text`, as long as the text of its view, what a shell fills in is a stretch of FILLED.
    `undecided` are offsets into it where pip may be called, each with why that is not known.
    """

    text: str
    undecided: tuple[tuple[int, str], ...] = ()


class Refusal(Exception):
    """A script that cannot be followed: carries the Opaque that tells where and why."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(offset, reason)
        self.opaque = Opaque(offset, reason)


def placed(command: Command, places: list[int], nest: tuple[str, ...]) -> Command:
    """Give a command of a backquoted script inside the constructs `nest` of the script around it.

    `places` are the offsets in the outer text of each character of the inner one, and of its end.
    """

    def word(w: Word) -> Word:
        return Word(places[w.start], places[w.end], w.value)

    return Command(
        tuple(word(w) for w in command.words),
        tuple(word(w) for w in command.assignments),
        tuple(Redirect(r.operator, places[r.start], word(r.target)) for r in command.redirects),
        places[command.start],
        places[command.end],
        (*nest, "$(", *command.nest),
        command.lead,
        tuple((places[start], places[end], expand) for start, end, expand in command.heredocs),
    )


def plain_words(text: str, start: int) -> list[Word]:
    """Give the words of a text that has blanks and nothing else special, and begins at `start`."""
    if "\t" in text:
        text = text.replace("\t", " ")
    new, kind = record, Word
    found: list[Word] = []
    for value in text.split(" "):
        if value:
            end = start + len(value)
            found.append(new(kind, (start, end, value)))
            start = end + 1
        else:
            start += 1
    return found
