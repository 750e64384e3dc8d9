"""Both ends of a rewrite: the documents, and which of their instructions an edit touched."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from pipslim.rewrite.commands import Side
from pipslim.syntax.edits import Edit
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document


class Broken(NamedTuple):
    """A rule that a rewrite breaks: its name, the place in the rewritten text, and how."""

    rule: str
    offset: int
    reason: str


class Sides(NamedTuple):
    """Both documents, with the instructions that an edit touched, those new, and those gone.

    `removed` and `inserted` are ranges of the text before and after, in order.
    """

    before: Facts
    after: Facts
    removed: list[tuple[int, int]]
    inserted: list[tuple[int, int]]
    touched_before: frozenset[int]
    touched_after: frozenset[int]
    new: frozenset[int]
    gone: frozenset[int]


def both(before: Facts, after: Facts, edits: Sequence[Edit]) -> Sides:
    """Give both ends of a rewrite; `edits` lead from one text to the other, in order."""
    old, now = before.document, after.document
    starts = [instruction.start for instruction in old.instructions]
    starts_now = [instruction.start for instruction in now.instructions]
    removed: list[tuple[int, int]] = []
    inserted: list[tuple[int, int]] = []
    touched: set[int] = set()
    touched_now: set[int] = set()
    new: set[int] = set()
    gone: set[int] = set()
    shift = 0
    for edit in edits:
        start, end, text = _trimmed(edit, old.text) if edit.start < edit.end else edit
        low, high = start + shift, start + shift + len(text)
        shift += len(text) - (end - start)
        lines = _whole_lines(old.text, start, end, text)
        _touched(old, starts, start, end, lines, touched)
        _touched(now, starts_now, low, high, lines, touched_now)
        if start < end:
            removed.append((start, end))
            for number in range(bisect_left(starts, start), bisect_left(starts, end)):
                if old.instructions[number].end <= end:
                    gone.add(number)
        if text:
            inserted.append((low, high))
            new.update(range(bisect_left(starts_now, low), bisect_left(starts_now, high)))
    return Sides(
        before,
        after,
        removed,
        inserted,
        frozenset(touched - gone),
        frozenset(touched_now - new),
        frozenset(new),
        frozenset(gone),
    )


def _whole_lines(source: str, start: int, end: int, text: str) -> bool:
    """Tell whether an edit puts in, or takes out, whole lines.

    Those at the end of a file without a newline there go with the newline ahead of them.
    """
    if start == end:
        return text.endswith("\n")
    if end == len(source) and source[end - 1] != "\n":
        return not text and source[start] in "\r\n"
    return not text and source[end - 1] == "\n" and (not start or source[start - 1] == "\n")


# What links commands and continues lines: an edit may put the same back beside what it changes.
_SEAM = frozenset(" \t\r\n\\`&|;")


def _trimmed(edit: Edit, source: str) -> Edit:
    """Give an edit without the seams that it puts back as they were."""
    start, end, text = edit
    while start < end and text and source[start] == text[0] and text[0] in _SEAM:
        start, text = start + 1, text[1:]
    while start < end and text and source[end - 1] == text[-1] and text[-1] in _SEAM:
        end, text = end - 1, text[:-1]
    return Edit(start, end, text)


def _touched(
    document: Document, starts: list[int], low: int, high: int, lines: bool, found: set[int]
) -> None:
    """Take in the instructions that a range overlaps or touches.

    Not those ahead of which, or behind which, it puts in or takes out whole `lines`.
    """
    at = max(bisect_right(starts, low) - 1, 0)
    while at < len(starts) and starts[at] <= high:
        end = document.instructions[at].end
        if end >= low and not (lines and (high <= starts[at] or end <= low)):
            found.add(at)
        at += 1


def broken(sides: Sides, rule: str, number: int, reason: str) -> Broken:
    """Give a rule that is broken at the instruction `number` of the rewritten text."""
    return Broken(rule, sides.after.document.instructions[number].start, reason)


def side(facts: Facts, number: int, cuts: list[tuple[int, int]]) -> Side:
    """Give one RUN of a document, with what lies in it of the ranges `cuts` of the text."""
    instruction = facts.document.instructions[number]
    # a cut that begins ahead of the instruction may reach into it, but only one can
    first = max(bisect_left(cuts, (instruction.start, 0)) - 1, 0)
    start = instruction.start
    near = [
        (max(low - start, 0), high - start)
        for low, high in cuts[first : bisect_left(cuts, (instruction.end, 0))]
        if high > start
    ]
    return Side(facts.document, instruction, facts.run(number), near)
