"""What a run has to say, one entry each: what the formats for machines have in common."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from pipslim.syntax.source import BOM, Lines, Position, encode, position

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.rewrite.engine import Outcome
    from pipslim.runner import FileOutcome
    from pipslim.syntax.edits import Edit

    _Fault = tuple[str, str, int, int, str, str, tuple[Edit, ...]]

UNUSED = "unused-ignore"
UNREACHABLE, UNPARSABLE, UNPROVEN = "unreachable", "unparsable", "proof-failed"
# What stands beside the passes as the rule of an entry, in words.
OTHERS = {
    UNUSED: "an ignore comment silences nothing, or names no pass",
    UNREACHABLE: "a file could not be read or written",
    UNPARSABLE: "a file could not be read as a Dockerfile",
    UNPROVEN: "a rewrite failed its proof; the file is as it was",
}


class Entry(NamedTuple):
    """One thing to tell of a file: a fault to fix, one held back, an ignore comment, an error.

    `level` is `warning` for what a fix mends, `note` for what stays, `error` for a file that was
    not done. `rule` is the id of a pass, or one of OTHERS. `start` and `end` (behind the last
    character) are places of the file on disk, None where the whole file is meant, and `text` is
    what stands between. `advice` says what to do, or why nothing is done. `edits` are of the file
    on disk, empty where the fix does not stand alone. `fingerprint` is the same for the same fault
    on another line, and is given once.
    """

    level: str
    path: str
    rule: str
    start: Position | None
    end: Position | None
    text: str
    message: str
    advice: str
    edits: tuple[Edit, ...]
    fingerprint: str

    @property
    def told(self) -> str:
        """What is wrong; what to do."""
        return f"{self.message}; {self.advice}" if self.advice else self.message


def entries(result: FileOutcome, *, written: bool) -> list[Entry]:
    """Give what there is to tell of a file, in the order of its places.

    `result.path` is told as it is. Where the file is `written`, what was fixed is no longer there,
    and the places of the rest are those of the new text.
    """
    path, outcome = shown(result.path), result.outcome
    if outcome is None:
        mark = _fingerprint(path, UNREACHABLE, result.error, "", 0)
        return [
            Entry("error", path, UNREACHABLE, None, None, "", shown(result.error), "", (), mark)
        ]
    if outcome.problem is not None:
        at, reason, pass_id = outcome.problem
        rule = UNPROVEN if pass_id else UNPARSABLE
        reason = shown(f"{pass_id}: {reason}" if pass_id else reason)
        mark = _fingerprint(path, rule, reason, "", 0)
        return [Entry("error", path, rule, at, at, "", reason, "", (), mark)]
    moved = written and outcome.changed
    whole = outcome.after if moved else outcome.before
    lines = Lines(whole)
    seen: dict[tuple[str, str, str], int] = {}
    found: list[Entry] = []
    for level, rule, start, end, message, advice, edits in sorted(
        _faults(outcome, moved), key=_by_place
    ):
        text = outcome.before[start:end]
        number = seen[rule, message, text] = seen.get((rule, message, text), -1) + 1
        mark = _fingerprint(path, rule, message, text, number)
        if moved:
            start, end = forward(start, outcome.edits), forward(end, outcome.edits, behind=True)
        end = max(start, end)
        place = lines.position(start), lines.position(end), whole[start:end]
        found.append(Entry(level, path, rule, *place, shown(message), shown(advice), edits, mark))
    return sorted(found, key=_in_order)


def _by_place(fault: _Fault) -> tuple[int, str]:
    return fault[2], fault[1]


def _in_order(entry: Entry) -> tuple[Position, str]:
    return entry.start or Position(0, 0), entry.rule


def _faults(outcome: Outcome, moved: bool) -> Iterator[_Fault]:
    """Give level, rule, range in the text before, message, advice and edits of each."""
    for each in outcome.reports:
        if each.fixed and moved:
            continue
        level = "warning" if each.fixed else "note"
        place = each.pass_id, each.offset, each.end
        held = each.held
        if moved and each.refers >= 0:
            held = _at_new_line(held, outcome, each.refers)
        yield level, *place, each.message, each.fixed or held, each.edits
    for place_of, told in outcome.unused:
        start = offset(outcome.before, place_of)
        end = outcome.before.find("\n", start)
        end = len(outcome.before) if end < 0 else end
        if outcome.before[start:end].endswith("\r"):
            end -= 1
        message, _, advice = told.partition("; ")
        yield "note", UNUSED, start, end, message, advice, ()


def _at_new_line(held: str, outcome: Outcome, refers: int) -> str:
    """Give a reason with the line that it names as it is in the new text."""
    old = position(outcome.before, refers).line
    new = position(outcome.after, forward(refers, outcome.edits)).line
    return held.replace(f"line {old} ", f"line {new} ", 1)


def offset(text: str, place: Position) -> int:
    """Give the 0-based offset of a place: what `pipslim.syntax.source.position` was made from."""
    start = 0
    for _ in range(place.line - 1):
        start = text.index("\n", start) + 1
    mark = place.line == 1 and place.column > 1 and text.startswith(BOM)
    return start + place.column - 1 + mark


def forward(offset: int, edits: Sequence[Edit], *, behind: bool = False) -> int:
    """Give where an offset of the old text is once `edits`, in order, are applied.

    What is inserted at the offset comes ahead of it, or behind it where it is an end (`behind`).
    """
    shift = 0
    for start, end, text in edits:
        if end > offset or (behind and start == offset):
            if start < offset:  # within what is replaced
                return start + shift + min(offset - start, len(text))
            break
        shift += len(text) - (end - start)
    return offset + shift


def shown(text: str) -> str:
    r"""Give a text that any reader takes: bytes that are not UTF-8 are written `\xff`."""
    return encode(text).decode("utf-8", "backslashreplace")


def _fingerprint(*parts: object) -> str:
    told = "\0".join(map(str, parts))
    return hashlib.sha256(encode(told)).hexdigest()[:32]
