"""Which fixes go together in a round, which wait for the next, and which are held back. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort

from pipslim.fixes.base import Safety
from pipslim.syntax.edits import clash
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipslim.fixes.base import Finding
    from pipslim.syntax.edits import Edit


class Round(NamedTuple):
    """What one round takes: the findings whose fixes are chosen, and those that wait."""

    chosen: tuple[Finding, ...]
    waiting: tuple[Finding, ...]

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits of the chosen fixes that are of the Dockerfile."""
        return tuple(
            edit
            for finding in self.chosen
            if finding.fix and finding.elsewhere is None
            for edit in finding.fix.edits
        )


def held_back(finding: Finding, *, unsafe: bool) -> str:
    """Give the reason why a finding's fix is not to be applied, or nothing."""
    fix = finding.fix
    if fix is None:
        return finding.why_not
    if fix.safety is Safety.SHOWN:
        return finding.why_not or "shown only"
    if fix.safety is Safety.UNSAFE and not unsafe:
        return "unsafe: the meaning may change; --unsafe applies it"
    return ""


def choose(findings: Iterable[Finding]) -> Round:
    """Choose the findings whose edits do not clash, earlier ones first; all or none of each.

    Edits of different files do not.
    """
    findings = list(findings)
    others = {each.elsewhere.path for each in findings if each.elsewhere is not None}
    if not others:
        return _choose(findings)
    files: dict[str, list[Finding]] = {}
    for each in findings:
        path = each.elsewhere.path if each.elsewhere is not None else ""
        files.setdefault(path, []).append(each)
    rounds = [_choose(each) for each in files.values()]
    chosen = {id(finding) for each in rounds for finding in each.chosen}
    waiting = {id(finding) for each in rounds for finding in each.waiting}
    return Round(
        tuple([each for each in findings if id(each) in chosen]),
        tuple([each for each in findings if id(each) in waiting]),
    )


def _choose(findings: Iterable[Finding]) -> Round:
    offers = [(finding, finding.fix.edits) for finding in findings if finding.fix is not None]
    every = sorted([edit for _, edits in offers for edit in edits])
    if not any(map(clash, every, every[1:])):  # the common case
        return Round(tuple([finding for finding, _ in offers]), ())
    chosen: list[Finding] = []
    waiting: list[Finding] = []
    taken: list[Edit] = []  # in order, none clashing
    for finding, edits in offers:
        if any(_clashes(edit, taken) for edit in edits):
            waiting.append(finding)
        else:
            chosen.append(finding)
            for edit in edits:
                insort(taken, edit)
    return Round(tuple(chosen), tuple(waiting))


def _clashes(edit: Edit, taken: list[Edit]) -> bool:
    """Tell whether an edit clashes with one of those taken: only those beside it can."""
    at = bisect_left(taken, edit)
    low = at
    while low and taken[low - 1].end >= edit.start:
        low -= 1
    for number in range(low, len(taken)):
        other = taken[number]
        if other.start > edit.end:
            return False
        if clash(edit, other):
            return True
    return False
