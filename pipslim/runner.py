"""Many files, one outcome each, in a stable order."""

from __future__ import annotations

from pipslim import files
from pipslim.rewrite.engine import Choice, Outcome, rewrite
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class FileOutcome(NamedTuple):
    """What became of one file: its outcome, or why it could not be read or written."""

    path: str
    outcome: Outcome | None
    error: str = ""


def run(paths: Iterable[str], choice: Choice, *, write: bool) -> Iterator[FileOutcome]:
    """Rewrite files one by one, in order; with `write`, also on disk. One bad file stops none."""
    for path in paths:
        try:
            outcome = rewrite(decode(files.read(path)), choice)
            if write and outcome.changed:
                files.write(path, encode(outcome.after))
        except files.Unreachable as error:
            yield FileOutcome(path, None, str(error))
        else:
            yield FileOutcome(path, outcome)
