"""What an expression of Python says: its characters, each with its place in the host."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    Writer: TypeAlias = Callable[[str], str | None]


class Refused(Exception):
    """An expression whose value cannot be told, or not with the place of each character."""


class Form(NamedTuple):
    """How one literal, or one piece of an f-string's text, is written.

    `start` and `end` are where its text stands between the quotes (0-based offsets of the host).
    `writers` and `margin` are those of Said, for this literal alone.
    """

    start: int
    end: int
    quote: str
    raw: bool = False
    binary: bool = False
    filled: bool = False
    writers: tuple[Writer, ...] = ()
    margin: str = ""

    @property
    def long(self) -> bool:
        """Whether the literal may go over several lines."""
        return len(self.quote) == 3


class Said(NamedTuple):
    """A value: for each character where it begins and ends in the host, and its hole, or 0.

    The text of a hole, which nobody knows, is the source of what fills it. `forms` are the literals
    that it is made of, in order. What is put into it goes through `writers`, the last one first,
    has `margin` ahead of each line, and may not begin with `edges[0]` at its start, or end with
    `edges[1]` at its end: those are taken off. At `fixed` offsets nothing may be changed.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    holes: Sequence[int]
    forms: tuple[Form, ...]
    writers: tuple[Writer, ...] = ()
    margin: str = ""
    edges: tuple[str, str] = ("", "")
    fixed: frozenset[int] = frozenset()

    def pick(self, kept: Iterable[int]) -> Said:
        """Give it with the characters at some offsets alone, in order."""
        places = list(kept)
        moved = {}
        if self.fixed:
            moved = {old: new for new, old in enumerate(places) if old in self.fixed}
        return self._replace(
            text="".join([self.text[at] for at in places]),
            starts=[self.starts[at] for at in places],
            ends=[self.ends[at] for at in places],
            holes=[self.holes[at] for at in places],
            fixed=frozenset(moved.values()),
        )

    def form_at(self, place: int) -> Form | None:
        """Give the literal whose text a place of the host is in, or at an end of."""
        number = bisect_right(self.forms, place, key=_start) - 1
        if number < 0 or self.forms[number].end < place:
            return None
        return self.forms[number]


def _start(form: Form) -> int:
    return form.start


class Building:
    """A value as it is read."""

    __slots__ = ("_count", "chars", "ends", "fixed", "forms", "holes", "starts")

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.holes: list[int] = []
        self.forms: list[Form] = []
        self.fixed: set[int] = set()
        self._count = 0

    def same(self, text: str, start: int) -> None:
        """Add text that stands in the host as it is."""
        self.chars += text
        self.starts += range(start, start + len(text))
        self.ends += range(start + 1, start + len(text) + 1)
        self.holes += [0] * len(text)

    def escaped(self, char: str, start: int, end: int) -> None:
        """Add one character that the host writes in its own way."""
        self.chars.append(char)
        self.starts.append(start)
        self.ends.append(end)
        self.holes.append(0)

    def hole(self, source: str, start: int, end: int) -> None:
        """Add what is filled in later; `source` is what tells of it."""
        shown = " ".join(source.split()) or "?"
        self._count += 1
        self.chars += shown
        self.starts += [start] * len(shown)
        self.ends += [end] * len(shown)
        self.holes += [self._count] * len(shown)

    def add(self, said: Said) -> None:
        """Add a value; what is put into it goes on being written as it must be."""
        low = len(self.chars)
        self.chars += said.text
        self.starts += said.starts
        self.ends += said.ends
        self.holes += [hole + self._count if hole else 0 for hole in said.holes]
        self._count += max(said.holes, default=0)
        self.fixed.update(low + at for at in said.fixed)
        if said.edges[0]:
            self.fixed.add(low)
        if said.edges[1]:
            self.fixed.add(len(self.chars))
        for form in said.forms:
            if said.margin and form.margin:
                raise Refused
            margin = said.margin or form.margin
            self.forms.append(form._replace(writers=(*form.writers, *said.writers), margin=margin))

    def said(self) -> Said:
        """Give it as a value."""
        text = "".join(self.chars)
        fixed = frozenset(self.fixed)
        return Said(text, self.starts, self.ends, self.holes, tuple(self.forms), fixed=fixed)
