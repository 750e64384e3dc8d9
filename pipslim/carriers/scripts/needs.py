"""Fixes of a Dockerfile that a script would fail by: taken back, with the reason."""

from __future__ import annotations

from pipslim.facts.leftovers import CACHE
from pipslim.rewrite.engine import rewrite
from pipslim.syntax.edits import Patch
from pipslim.syntax.source import Span, position
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipslim.carriers.scripts.runs import Followed
    from pipslim.facts.context import Folder
    from pipslim.facts.stages import StageFacts
    from pipslim.rewrite.outcome import Choice, Offer, Outcome, Report

# What keeps pip from leaving a cache; and what of that has it turned off for all calls.
_LEAVES_NONE = frozenset(("pip-cache", "pip-conf"))
_TURNS_OFF = frozenset(("pip-conf",))


def spared(
    outcome: Outcome,
    view: Followed,
    choice: Choice,
    folder: Folder,
    accept: Callable[[Offer], bool] | None,
) -> Outcome | None:
    """Give another outcome, where scripts need a cache that the given one does not leave.

    In the stages that have to leave it, nothing is fixed that keeps pip from that. None where no
    script needs what is taken away. `view` is what the build is by the given outcome.
    """
    needed: list[tuple[frozenset[str], Span, str]] = []
    origin = Patch.of(outcome.before).then(outcome.edits).origin
    instructions = view.document.instructions

    def add(passes: frozenset[str], stage: StageFacts, offset: int, why: str) -> None:
        place = view.place(offset)
        if place is None:
            return  # the Dockerfile's own
        line = position(place.text, offset - place.start).line
        for each in stage.chain():
            first, last = each.stage.first, each.stage.last - 1
            span = Span(origin(instructions[first].start), origin(instructions[last].end))
            needed.append((passes, span, f"line {line} of {place.path} needs the cache: {why}"))

    for need in view.needs:
        if need.kind == CACHE:
            why = f"`{need.name}` fails where there is none"
            add(_LEAVES_NONE, view.stages.all[need.stage], need.start, why)
    for stage in view.stages.all:
        for use in view.pips(stage).uses:
            if use.call.subcommand == "cache":
                why = f"`{use.call.spelling} cache` fails where settings turn it off"
                add(_TURNS_OFF, stage, use.span().start, why)

    def held(pass_id: str, offset: int) -> str:
        for passes, span, why in needed:
            if pass_id in passes and span.start <= offset <= span.end:
                return why
        return ""

    def wanted(offer: Offer) -> bool:
        if held(offer.finding.pass_id, offer.offset):
            return False
        return accept is None or accept(offer)

    def back(report: Report) -> Report:
        return report._replace(fixed="", held=held(report.pass_id, report.offset), edits=())

    taken = [each for each in outcome.reports if each.fixed and held(each.pass_id, each.offset)]
    if not taken:
        return None
    again = rewrite(outcome.before, choice, accept=wanted, folder=folder)
    if again.problem is not None:
        return again
    reports = sorted((*again.reports, *map(back, taken)), key=_in_order)
    return again._replace(reports=tuple(reports))


def _in_order(report: Report) -> tuple[int, str]:
    return report.offset, report.pass_id
