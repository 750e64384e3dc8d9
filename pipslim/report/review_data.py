"""What the review page knows of each file, as plain values that go into it as JSON."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pipslim.facts.settings import harmless
from pipslim.fixes.base import CONF
from pipslim.passes import IDS
from pipslim.report.diff import changed_lines
from pipslim.report.rows import blocks, kinds
from pipslim.syntax.source import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.report.rows import Block
    from pipslim.rewrite.engine import Outcome, Problem, Report
    from pipslim.runner import FileOutcome

_HIDDEN = "\u2026"  # in the place of a line that may hold a secret
_AROUND = 3  # lines shown around the place of an error
_NAMES = re.compile(r"[\w/.=-]*[A-Z/=-][\w/.=-]*")

# The states of a file, each with what it means.
STATES = {
    "changed": "its rewrite is proposed or made",
    "noted": "nothing to change, but something to say",
    "failed": "its rewrite failed its proof, so it is as it was",
    "unread": "could not be read, or is no Dockerfile",
    "same": "nothing to change",
}


def file_data(result: FileOutcome) -> dict[str, Any]:
    """Give what is shown of one file: its `path` and `state`, and what that state calls for.

    `lines` are the old lines, `kinds` a letter for each, `changes` what replaces which of them,
    `notes` the findings with the change (`at`) or else the 0-based line that each belongs to.
    `id` stands for the path and both texts. An error has its text, and the lines around its place.
    """
    path, outcome, error, other = result.path, result.outcome, result.error, result.other
    if outcome is None:
        reason = error.removeprefix(f"{path}: ")
        return {"path": path, "state": "unread", "id": _digest(path, error), "error": reason}
    if outcome.problem is not None:
        return _refused(path, outcome, outcome.problem, private=other == CONF)
    notes = _notes(outcome, [])
    if not outcome.changed and not notes:
        return {"path": path, "state": "same", "id": _digest(path, outcome.before)}
    before = outcome.before
    found = blocks(before, outcome.edits)
    lines = before.split("\n")
    old_kinds, after_kinds = (
        kinds(each, dockerfile=not (other or result.host)) for each in (before, outcome.after)
    )
    if other == CONF:
        lines = _masked(lines)
    return {
        "path": path,
        "state": "changed" if outcome.changed else "noted",
        "id": _digest(path, before, outcome.after),
        "lines": lines if lines[-1] else lines[:-1],
        "ends": not lines[-1],
        "kinds": old_kinds,
        "changes": [
            {
                "start": block.start,
                "end": block.end,
                "kinds": after_kinds[block.new : block.new + _count_new(block)],
                "rows": block.rows,
            }
            for block in found
        ],
        "notes": _notes(outcome, found),
    }


def _digest(*texts: str) -> str:
    digest = blake2b(digest_size=6)
    for text in texts:
        data = encode(text)
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


def _count_new(block: Block) -> int:
    return sum(new is not None for _, new in block.rows)


def _masked(lines: list[str]) -> list[str]:
    """Give the lines of settings of pip without those that may hold a secret."""
    return [line if harmless(line) else _HIDDEN for line in lines]


def _refused(path: str, outcome: Outcome, problem: Problem, *, private: bool) -> dict[str, Any]:
    lines = outcome.before.removesuffix("\n").split("\n")
    if private:
        lines = _masked(lines)
    at = problem.position.line - 1
    first = max(at - _AROUND, 0)
    return {
        "path": path,
        "state": "failed" if problem.pass_id else "unread",
        "id": _digest(path, outcome.before, problem.reason),
        "error": problem.reason,
        "pass": problem.pass_id,
        "place": [*problem.position],
        "first": first,
        "lines": lines[first : at + _AROUND + 1],
    }


def _notes(outcome: Outcome, found: Sequence[Block]) -> list[dict[str, Any]]:
    """Give the findings and the idle ignore comments, in the order of their places."""
    claimed = _claimed(outcome, found)
    notes: list[dict[str, Any]] = []
    for report in outcome.reports:
        line = report.position.line - 1
        told: dict[str, Any] = {"pass": report.pass_id, "message": report.message}
        told["place"] = [*report.position]
        if report.fixed:
            told["fixed"] = report.fixed
            at = _of_edits(outcome.before, report, found) or _gone(outcome.before, report, found)
            at = at or _by_words(report, found, claimed)
        else:
            told["held"] = report.held
            at = _around(found, line)
        notes.append({**told, "at": at} if at else {**told, "line": line})
    for place, text in outcome.unused:
        line = place.line - 1
        at = _around(found, line)
        told = {"pass": "", "message": text, "held": "", "place": [*place]}
        notes.append({**told, "at": at} if at else {**told, "line": line})
    return notes


def _around(found: Sequence[Block], line: int) -> list[int]:
    return [at for at, block in enumerate(found) if block.start <= line < block.end]


def _of_edits(before: str, report: Report, found: Sequence[Block]) -> list[int]:
    """Give the blocks that a fix's own edits made."""
    at: set[int] = set()
    for start, end, _ in changed_lines(before, report.edits)[1]:
        touched = [n for n, block in enumerate(found) if block.start <= end and start <= block.end]
        inside = [n for n in touched if found[n].start <= start and end <= found[n].end]
        at.update(inside or touched)
    return sorted(at)


def _gone(before: str, report: Report, found: Sequence[Block]) -> list[int]:
    """Give the blocks where a fix that rests on others takes something out: within its place."""
    if not report.fixed.startswith("remove"):
        return []
    first = report.position.line - 1
    last = before.count("\n", 0, report.end)
    return [n for n, block in enumerate(found) if block.start <= last and first < block.end]


def _claimed(outcome: Outcome, found: Sequence[Block]) -> dict[int, str]:
    """Give the new text of each block without what fixes with edits of their own put there."""
    left = {
        number: "\n".join([_text(new) for _, new in block.rows if new is not None])
        for number, block in enumerate(found)
    }
    for report in outcome.reports:
        for number in _of_edits(outcome.before, report, found):
            for edit in report.edits:
                text = edit.text.strip("\n")
                if text.strip():
                    left[number] = left[number].replace(text, "", 1)
    return left


def _text(side: str | list[str] | None) -> str:
    return "".join(side or ())


def _by_words(report: Report, found: Sequence[Block], left: dict[int, str]) -> list[int]:
    """Give the block of a fix that rests on another one, and so has no edits of this text.

    It is the nearest one that has a name which the fix's title tells, in text that is no other
    fix's; or the nearest.
    """
    if not found:
        return []
    line = report.position.line - 1
    names = sorted(_NAMES.findall(report.fixed), key=len, reverse=True)
    order = sorted(range(len(found)), key=lambda number: _distance(found[number], line))
    for name in names:
        for number in order:
            if name in left[number]:
                left[number] = left[number].replace(name, "", 1)
                return [number]
    return order[:1]


def _distance(block: Block, line: int) -> int:
    """Give how many lines, from 0, a block is away from one that is told from 0."""
    return max(block.start - line, line - block.end, 0)


def pass_counts(files: Sequence[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Give for each pass how many findings were fixed and held back, and in how many files."""
    rows: list[tuple[str, int, int, int]] = []
    for pass_id in IDS:
        mine = [
            [note for note in file.get("notes", ()) if note["pass"] == pass_id] for file in files
        ]
        fixed = sum("fixed" in note for notes in mine for note in notes)
        held = sum("fixed" not in note for notes in mine for note in notes)
        rows.append((pass_id, fixed, held, sum(bool(notes) for notes in mine)))
    return rows
