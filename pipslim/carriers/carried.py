"""A host file rewritten: its Dockerfiles by the engine, each edit in its place, and proven."""

from __future__ import annotations

from pipslim.carriers.part import Unreadable
from pipslim.facts.options import MOUNT
from pipslim.rewrite.engine import rewrite
from pipslim.rewrite.outcome import Outcome, Problem
from pipslim.syntax.edits import Edit, Patch
from pipslim.syntax.source import position
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipslim.carriers.part import Part
    from pipslim.rewrite.outcome import Choice, Offer, Report
    from pipslim.syntax.source import Position

    _Accept = Callable[[Offer], bool]
    _Parts = Callable[[str], Sequence[Part]]
    _Mark = tuple[str, int]

# What puts a word into a RUN and does nothing else, so that holes around it do not matter.
_PUT_WORDS_IN = frozenset(("pip-cache", "get-pip-cache", "uv-cache"))
_MOST_TRIES = 12
_NOT_HERE = "here the text is quoted, folded or put together; make it by hand"
_EDGE = "other lines would change how the rest is indented or marked here; make it by hand"
_BESIDE = "what is filled in later may decide what this does; make it by hand"
_HOLES = "parts of this text are filled in later; make it by hand"


def carried(text: str, parts: _Parts, choice: Choice, accept: _Accept | None = None) -> Outcome:
    """Rewrite the Dockerfiles inside a host file; `parts` finds them, and raises Unreadable.

    Edits, reports and problems of the outcome are the host's. `choice` and `accept` are those of
    `pipslim.rewrite.engine.rewrite`; `accept` is shown the part, with its place in the host. Where
    one of the parts fails its proof, or the host says afterwards something else than the rewritten
    parts, nothing is changed.
    """
    try:
        found = parts(text)
    except Unreadable as why:
        return Outcome(text, text, problem=Problem(position(text, why.offset), why.reason))
    edits: list[Edit] = []
    reports: list[Report] = []
    idle: list[tuple[Position, str]] = []
    wanted: list[str] = []
    for part in found:
        outcome = _rewritten(part, choice, accept)
        problem = outcome.problem
        if problem is not None and not problem.pass_id and not part.surely:
            outcome = Outcome(part.text, part.text)
        elif problem is not None:
            place, reason = _place(text, part, problem.position), part.told(problem.reason)
            if not part.whole and not problem.pass_id:
                reason = f"with its holes open this reads as no Dockerfile: {reason}"
            return Outcome(text, text, problem=Problem(place, reason, problem.pass_id))
        wanted.append(outcome.after)
        edits += [each for edit in outcome.edits if (each := part.in_host(edit)) is not None]
        reports += [_report(text, part, report) for report in outcome.reports]
        idle += [(_place(text, part, place), told) for place, told in outcome.unused]
    reports.sort(key=lambda report: (report.offset, report.pass_id))
    if not edits:
        return Outcome(text, text, reports=tuple(reports), unused=tuple(idle))
    wrong = "its edits overlap"
    try:
        patch = Patch.of(text).then(edits)
        if [part.text for part in parts(patch.text)] == wanted:
            return Outcome(text, patch.text, patch.edits(), tuple(reports), unused=tuple(idle))
        wrong = "it would not say what was meant"
    except Unreadable as error:
        wrong = f"it could not be read: {error.reason}"
    except ValueError:
        pass
    first = next(report for report in reports if report.fixed)
    told = f"the proof failed: {wrong}; the file is left as it was, please report this"
    return Outcome(text, text, problem=Problem(first.position, told, first.pass_id))


def _rewritten(part: Part, choice: Choice, accept: _Accept | None) -> Outcome:
    """Rewrite a part by what can be done in its place; the rest is told."""
    allowed = choice
    if part.bare or not part.whole:
        # a mount needs to know more: whose cache it is, and where
        words = _PUT_WORDS_IN if choice.options.cache != MOUNT else frozenset()
        allowed = choice._replace(passes=choice.passes & words)
    refused: dict[_Mark, Report] = {}
    in_lines = False
    for _ in range(_MOST_TRIES):
        outcome = rewrite(part.text, allowed, accept=_but(refused) if refused else None)
        unfit = part.unfit(outcome.edits, in_lines=in_lines)
        if not unfit or outcome.problem is not None:
            break
        in_lines = in_lines or all(part.in_host(edit) is not None for edit in unfit)
        fixed = [report for report in outcome.reports if report.fixed]
        blamed = [report for report in fixed if any(_meet(report, edit) for edit in unfit)]
        for report in blamed or fixed:
            refused[report.pass_id, report.offset] = report
    if accept is not None and outcome.changed:  # what cannot be done is not asked for
        outcome = rewrite(part.text, allowed, accept=_but(refused, part, accept))
        if part.unfit(outcome.edits):
            outcome = Outcome(part.text, part.text)
    why = part.remedy or (_EDGE if in_lines else _NOT_HERE if part.whole else _BESIDE)
    told = [_held(report, why) for report in refused.values()]
    if not part.whole and not part.bare and outcome.problem is None:
        others = rewrite(part.text, choice._replace(passes=choice.passes - allowed.passes))
        told += [_held(report, part.remedy or _HOLES) for report in others.reports]
    return outcome._replace(reports=(*outcome.reports, *told))


def _but(
    refused: dict[_Mark, Report], part: Part | None = None, accept: _Accept | None = None
) -> _Accept:
    """Give what accepts all fixes but those that were refused, and asks `accept` for the others."""

    def ask(offer: Offer) -> bool:
        if (offer.finding.pass_id, offer.offset) in refused:
            return False
        if accept is None or part is None:
            return True
        return accept(offer._replace(offset=part.place(offer.offset)))

    return ask


def _meet(report: Report, edit: Edit) -> bool:
    """Tell whether a fix made an edit, or a part of it; one that rests on another has a place."""
    spans = [(each.start, each.end) for each in report.edits] or [(report.offset, report.end)]
    return any(start <= edit.end and edit.start <= end for start, end in spans)


def _held(report: Report, why: str) -> Report:
    """Give a report of a fix as one of what is not done."""
    return report._replace(fixed="", held=why, edits=()) if report.fixed else report


def _report(text: str, part: Part, report: Report) -> Report:
    """Give a report with its places in the host."""
    start, end = part.place(report.offset), part.place(max(report.end - 1, 0))
    held, refers = report.held, report.refers
    if refers >= 0:
        line = position(part.text, refers).line
        refers = part.place(refers)
        held = held.replace(f"line {line}", f"line {position(text, refers).line}", 1)
    edits = [part.in_host(edit) for edit in report.edits]
    told = [edit for edit in edits if edit is not None]
    return report._replace(
        offset=start,
        end=max(end + 1, start),
        position=position(text, start),
        message=part.told(report.message),
        held=part.told(held),
        edits=tuple(told) if len(told) == len(edits) else (),
        refers=refers,
    )


def _place(text: str, part: Part, place: Position) -> Position:
    """Give a line and column of a part as those of the host."""
    lines = part.text.split("\n")[: place.line - 1]
    return position(text, part.place(sum(len(line) + 1 for line in lines) + place.column - 1))
