"""What the engine is told and what it gives: plain values, which can be pickled."""

from __future__ import annotations

from pipslim.facts.options import Options
from pipslim.passes import USUAL
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.fixes.base import Finding
    from pipslim.syntax.edits import Edit
    from pipslim.syntax.source import Position


class Choice(NamedTuple):
    """Which passes run and how far their fixes are trusted; `passes` are ids."""

    passes: frozenset[str] = frozenset(USUAL)
    unsafe: bool = False
    options: Options = Options()


class Report(NamedTuple):
    """A finding as it is told: where in the text as given, what, and what became of it.

    `offset` and `end` (0-based, half-open) are of the text as given, in characters. `fixed` is the
    title of the fix that was applied, or nothing; then `held` is the reason. `edits` are that fix
    alone, of the text as given: empty where it rests on another fix, and so has no such edits.
    `refers` is the offset of the line that `held` names, or -1.
    """

    pass_id: str
    offset: int
    end: int
    position: Position
    message: str
    fixed: str
    held: str
    edits: tuple[Edit, ...] = ()
    refers: int = -1


class Offer(NamedTuple):
    """A fix before it is applied: the finding, whose edits are of `text`, the file so far.

    `offset` is its place in the text as given (0-based, in characters). For a fix elsewhere, `text`
    is that other file's.
    """

    offset: int
    finding: Finding
    text: str


class Problem(NamedTuple):
    """Why a text was left as it is: its place, what, and what to do.

    `pass_id` names the pass where a rewrite failed its proof or did not settle; it is empty where
    the text could not be read as a Dockerfile.
    """

    position: Position
    reason: str
    pass_id: str = ""


class Other(NamedTuple):
    """Another file that this build reads, with what is proposed for it.

    `path` is seen from the top of the build context, with slashes; `text` is the file's as it is.
    `edits` of a report are its whole fix, of `text`. `kind` is that of `pipslim.fixes.base`, empty
    where there is nothing to tell: the file is well as it is, for this build. `unused` are the
    file's own ignore comments that silence nothing here.
    """

    path: str
    text: str
    kind: str = ""
    reports: tuple[Report, ...] = ()
    unused: tuple[tuple[Position, str], ...] = ()


class Outcome(NamedTuple):
    """What became of one text. Picklable; a failure is a field, never an exception.

    `after` is `before` where nothing changes, or where there is a `problem`. `edits` lead from one
    to the other. `unused` are the places of ignore comments that silence nothing, with a text.
    `others` are the files of the build context that were looked at.
    """

    before: str
    after: str
    edits: tuple[Edit, ...] = ()
    reports: tuple[Report, ...] = ()
    problem: Problem | None = None
    unused: tuple[tuple[Position, str], ...] = ()
    others: tuple[Other, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the text would change."""
        return self.after is not self.before and self.after != self.before
