"""Text to Outcome: parse, let the passes settle, prove the result."""

from __future__ import annotations

from pipslim.facts.environment import Unexpandable
from pipslim.facts.known import Facts
from pipslim.passes import PASSES
from pipslim.rewrite.declared import Declared
from pipslim.rewrite.guard import prove
from pipslim.rewrite.outcome import Choice, Offer, Other, Outcome, Problem, Report
from pipslim.rewrite.pragma import pragmas, unused
from pipslim.rewrite.select import choose, held_back
from pipslim.rewrite.sides import Broken
from pipslim.syntax.document import Document, Unparsable
from pipslim.syntax.edits import Edit, Patch
from pipslim.syntax.parser import parse
from pipslim.syntax.source import Lines, position
from pipslim.syntax.startup import TYPE_CHECKING, record
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipslim.facts.context import Folder
    from pipslim.facts.options import Options
    from pipslim.fixes.base import Finding
    from pipslim.passes import Step
    from pipslim.rewrite.pragma import Pragma

    _Accept = Callable[[Offer], bool]

__all__ = ["Choice", "Offer", "Other", "Outcome", "Problem", "Report", "rewrite"]

_MOST_ROUNDS = 12


_ALL = Choice()


class _Failure(Exception):
    def __init__(self, offset: int, reason: str, pass_id: str) -> None:
        self.offset = offset
        self.reason = reason
        self.pass_id = pass_id


def rewrite(
    text: str,
    choice: Choice = _ALL,
    steps: Sequence[Step] = PASSES,
    accept: _Accept | None = None,
    folder: Folder | None = None,
) -> Outcome:
    """Rewrite the text of a Dockerfile.

    Pure: touches no disk, starts no process, and gives the same for the same text. Never raises
    on any text: what could not be done is `Outcome.problem`. `steps` replaces the passes (tests).
    `folder` is the build context, which passes read where they have to; nothing is written to it.
    `accept` is asked for each fix that would be applied now, round by round, in the order of the
    file. It sees the very edits that are made. One that it refuses is left out as by an ignore
    comment: the pass does not offer it for that place again, and what waited for it goes on.
    """
    document = parse(text)
    if isinstance(document, Unparsable):
        return _unreadable(text, document)
    invalid = check(document)
    if invalid is not None:
        return _unreadable(text, invalid)
    chosen = [step for step in steps if step.id in choice.passes]
    try:
        return _settle(_State(document, choice.options, _once(accept), folder), choice, chosen)
    except Unexpandable as bad:
        return _unreadable(text, Unparsable(bad.offset, bad.reason))
    except _Failure as failure:
        reason = f"{failure.reason}; the file is left as it was, please report this"
        problem = Problem(position(text, failure.offset), reason, failure.pass_id)
        return Outcome(text, text, problem=problem)


def _unreadable(text: str, why: Unparsable) -> Outcome:
    return Outcome(text, text, problem=Problem(position(text, why.offset), why.reason))


class _State:
    """A document on its way, with what has been found so far."""

    __slots__ = (
        "accept",
        "behind",
        "declared",
        "facts",
        "fixed",
        "folder",
        "held",
        "patch",
        "refused",
        "silent",
    )

    def __init__(
        self, document: Document, options: Options, accept: _Accept | None, folder: Folder | None
    ) -> None:
        self.accept = accept
        self.folder = folder  # with what was fixed in its files
        self.refused: set[tuple[str, int, str]] = set()
        self.facts = Facts(document, options, folder)
        self.patch = Patch.of(document.text)
        # what was fixed: the finding, its place in the text as given, and its edits of that
        self.fixed: list[tuple[Finding, int, int, tuple[Edit, ...]]] = []
        self.held: list[Finding] = []
        self.declared = Declared()
        self.silent: set[int] = set()
        self.behind: set[str] = set()  # the passes whose fixes rest on others of their round


def _settle(state: _State, choice: Choice, steps: list[Step]) -> Outcome:
    """Run rounds until no pass offers anything, then prove what came of it."""
    first, folder = state.facts, state.folder
    for _ in range(_MOST_ROUNDS):
        offered = _offers(state, steps, unsafe=choice.unsafe)
        if not offered:
            break
        _apply(state, offered, choice.options)
    else:
        last = offered[0]
        raise _Failure(state.patch.origin(last.span.start), "it does not settle", last.pass_id)
    edits = state.patch.edits()
    if edits:
        broken = _proof(first, state, edits)
        if broken is not None:
            again = _State(first.document, choice.options, state.accept, folder)
            raise _blamed(broken, state, again, choice, steps)
    text = first.document.text
    idle = tuple(
        unused(text, mark)
        for mark in pragmas(first.document)
        if mark.unknown or (mark.number not in state.silent and mark.ids <= choice.passes)
    )
    reports = _reports(state)
    others = _others(state) if state.facts.looked_at else ()
    return Outcome(text, state.patch.text, edits, reports, None, idle, others)


def _others(state: _State) -> tuple[Other, ...]:
    from pipslim.rewrite.others import Unproven, others

    try:
        return others(state.folder, state.facts.looked_at, state.held)
    except Unproven as why:
        offset = state.patch.origin(why.finding.span.start)
        raise _Failure(offset, f"the proof failed: {why.reason}", why.finding.pass_id) from why


def _once(accept: _Accept | None) -> _Accept | None:
    """Give the same answers, asking once for each offer: looking for a culprit asks nobody."""
    if accept is None:
        return None
    answers: dict[Offer, bool] = {}

    def answer(offer: Offer) -> bool:
        if offer not in answers:
            answers[offer] = accept(offer)
        return answers[offer]

    return answer


def _offers(state: _State, steps: list[Step], *, unsafe: bool) -> list[Finding]:
    """Give what the passes offer now, or of what goes together now, what is accepted.

    Where all of that is refused, passes that waited for it have their turn in the same round.
    """
    while True:
        offered = _look(state, steps, unsafe=unsafe)
        if state.accept is None or not offered:
            return offered
        together = choose(offered).chosen
        accepted = set()
        for finding in sorted(together, key=_place):
            offset = state.patch.origin(finding.span.start)
            other = finding.elsewhere
            text = state.patch.text if other is None else other.text
            of_ours = other is None and not state.patch.keeps(*finding.span)
            if of_ours or state.accept(Offer(offset, finding, text)):
                accepted.add(finding)
            else:
                state.refused.add(_mark(state, finding))
        if accepted or not together:
            return [finding for finding in together if finding in accepted]


def _mark(state: _State, finding: Finding) -> tuple[str, int, str]:
    """Give what stays of a finding through all rounds: the pass, and the place as it was given."""
    told = finding.elsewhere.path + finding.message if finding.elsewhere is not None else ""
    return finding.pass_id, state.patch.origin(finding.span.start), told


def _place(finding: Finding) -> int:
    """Give where a reader meets a fix: at its first edit, or where another file comes in."""
    if finding.elsewhere is not None:
        return finding.span.start
    return min([edit.start for edit in finding.fix.edits]) if finding.fix else finding.span.start


def _proof(first: Facts, state: _State, edits: tuple[Edit, ...]) -> Broken | None:
    if state.declared.lines:
        from pipslim.rewrite.heredocs import added_lines

        found = added_lines(first, edits, state.declared.lines)
        if isinstance(found, Broken):
            return found
        first, edits = found
    return prove(first, state.facts, edits, state.declared)


def _look(state: _State, steps: list[Step], *, unsafe: bool) -> list[Finding]:
    """Give what the passes offer now; a pass waits while one that it builds on offers something."""
    facts = state.facts
    document = facts.document
    marks = pragmas(document)
    offered: list[Finding] = []
    busy: set[str] = set()
    setting: set[str] = set()
    state.held = []
    state.behind = set()
    for step in steps:
        if busy & step.waits_for or setting & step.reads:
            if step.behind and not marks and state.accept is None:
                state.behind.add(step.id)
                ahead = [each for each in offered if each.pass_id in step.waits_for]
                offered += step.find_behind(document, facts, ahead)
            busy.add(step.id)
            continue
        for sign in step.signs:
            if facts.mentions(sign):
                break
        else:
            continue
        for finding in step.find(document, facts):
            if marks and _silenced(state, marks, finding):
                continue
            if state.refused and _mark(state, finding) in state.refused:
                continue
            if held_back(finding, unsafe=unsafe):
                state.held.append(finding)
            else:
                offered.append(finding)
                busy.add(finding.pass_id)
                if finding.fix is not None:
                    setting.update(finding.fix.adds)
    return offered


def _silenced(state: _State, marks: Iterable[Pragma], finding: Finding) -> bool:
    for mark in marks:
        if mark.silences(finding):
            state.silent.add(mark.number)
            return True
    return False


def _apply(state: _State, offered: list[Finding], options: Options) -> None:
    """Apply the fixes that go together, and read the text anew."""
    chosen = choose(offered)
    origin = state.patch.origin
    untouched = state.patch.text is state.patch.source
    elsewhere = [finding for finding in chosen.chosen if finding.elsewhere is not None]
    if elsewhere:
        from pipslim.rewrite.others import overlaid

        state.folder = overlaid(state.folder, elsewhere)
    for finding in chosen.chosen:
        if finding.fix is not None and finding.elsewhere is None:
            alone = untouched and finding.pass_id not in state.behind
            start, end = finding.span
            edits = finding.fix.edits if alone else ()
            if untouched or state.patch.keeps(start, end):  # not of what other fixes put in
                state.fixed.append((finding, origin(start), origin(end), edits))
            state.declared = state.declared.also(finding.fix)
    pass_id = chosen.chosen[0].pass_id
    every = chosen.edits
    start = every[0].start if every else 0
    try:
        patch = state.patch.then(every)
    except ValueError as error:
        raise _Failure(state.patch.origin(start), str(error), pass_id) from error
    document = parse(patch.text)
    if isinstance(document, Unparsable):
        reason = f"the result cannot be parsed: {document.reason}"
        raise _Failure(state.patch.origin(start), reason, pass_id)
    state.patch = patch
    state.facts = Facts(document, options, state.folder)


def _reports(state: _State) -> tuple[Report, ...]:
    """Give what was found, fixed or not, in the order of its places."""
    origin = state.patch.origin
    lines = Lines(state.patch.source)
    reports: list[Report] = []
    for finding, start, end, edits in state.fixed:
        if state.declared.drops and _undone(state.patch, finding, start, end):
            continue
        title = finding.fix.title if finding.fix is not None else ""
        place = finding.pass_id, start, end, lines.position(start)
        reports.append(record(Report, (*place, finding.message, title, "", edits, -1)))
    for finding in state.held:
        if finding.elsewhere is not None:
            continue
        start, end = map(origin, finding.span)
        place = finding.pass_id, start, end, lines.position(start)
        held = held_back(finding, unsafe=False)
        refers = origin(finding.refers) if finding.refers >= 0 else -1
        if refers >= 0:
            held = held.replace("{line}", str(lines.position(refers).line))
        reports.append(record(Report, (*place, finding.message, "", held, (), refers)))
    reports.sort(key=_in_order)
    return tuple(reports)


def _undone(patch: Patch, finding: Finding, start: int, end: int) -> bool:
    """Tell whether what a fix only added to went later, by another fix: all of it."""
    added = finding.fix.edits if finding.fix is not None else ()
    if finding.elsewhere is not None or any(edit.start < edit.end for edit in added):
        return False
    low, high = finding.span
    if any(not low <= edit.start <= high for edit in added):
        return False  # it stands elsewhere
    return start < end and not any(
        piece.origin >= 0 and piece.origin < end and start < piece.origin + len(piece.text)
        for piece in patch.pieces
    )


def _in_order(report: Report) -> tuple[int, str]:
    return report.offset, report.pass_id


def _blamed(
    broken: Broken, state: _State, again: _State, choice: Choice, steps: list[Step]
) -> _Failure:
    """Find the pass that broke the proof: run `again` round by round, proving after each."""
    reason = f"the proof failed ({broken.rule}): {broken.reason}"
    first = again.facts
    pass_id = state.fixed[-1][0].pass_id if state.fixed else ""
    for _ in range(_MOST_ROUNDS):
        offered = choose(_offers(again, steps, unsafe=choice.unsafe)).chosen
        if not offered:
            break
        for each in dict.fromkeys(finding.pass_id for finding in offered):
            alone = _State(first.document, choice.options, state.accept, again.folder)
            alone.patch, alone.facts = again.patch, again.facts
            alone.declared = again.declared
            _apply(alone, [f for f in offered if f.pass_id == each], choice.options)
            if _proof(first, alone, alone.patch.edits()) is not None:
                return _Failure(state.patch.origin(broken.offset), reason, each)
        _apply(again, list(offered), choice.options)
    return _Failure(state.patch.origin(broken.offset), reason, pass_id)
