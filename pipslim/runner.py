"""Many files, one outcome each, in a stable order."""

from __future__ import annotations

from pipslim.files import disk
from pipslim.rewrite.engine import Choice, Outcome, rewrite
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Job(NamedTuple):
    """One file to rewrite, and what the engine is told for it."""

    path: str
    choice: Choice


class FileOutcome(NamedTuple):
    """What became of one file: its outcome, or why it could not be read or written."""

    path: str
    outcome: Outcome | None
    error: str = ""


def run(jobs: Iterable[Job], *, write: bool) -> Iterator[FileOutcome]:
    """Rewrite files one by one, in order; with `write`, also on disk. One bad file stops none."""
    for path, choice in jobs:
        try:
            outcome = rewrite(decode(disk.read(path)), choice)
            if write and outcome.changed:
                disk.write(path, encode(outcome.after))
        except disk.Unreachable as error:
            yield FileOutcome(path, None, str(error))
        else:
            yield FileOutcome(path, outcome)
