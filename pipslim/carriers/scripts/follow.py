"""The scripts that a build runs: their pip calls mended as those of the Dockerfile are."""

from __future__ import annotations

from pipslim.carriers.scripts.comments import script_pragmas
from pipslim.carriers.scripts.needs import spared
from pipslim.carriers.scripts.runs import Followed, Place
from pipslim.facts.context import NOT_THERE
from pipslim.facts.environment import Unexpandable
from pipslim.facts.mentions import mention
from pipslim.fixes.base import Elsewhere, Finding, Fix
from pipslim.passes import PASSES
from pipslim.rewrite.others import Overlay, Unproven, others, overlaid
from pipslim.rewrite.outcome import Offer, Other, Outcome, Problem, Report
from pipslim.rewrite.pragma import pragmas, unused
from pipslim.rewrite.select import choose, held_back
from pipslim.syntax.document import Document
from pipslim.syntax.edits import Edit, Patch
from pipslim.syntax.parser import parse
from pipslim.syntax.source import Lines, Span, position
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipslim.facts.context import Folder
    from pipslim.passes import Step
    from pipslim.rewrite.outcome import Choice
    from pipslim.rewrite.pragma import Pragma

    _Accept = Callable[[Offer], bool]

_MOST_ROUNDS = 12
_ID = "pip-cache"
# What they mend is a stage's, not a script's.
_OF_STAGES = frozenset(("split-env", "bytecode", "old-pip", "pip-conf"))
_UNFOLLOWED = "pip calls in a script that is not followed may leave their cache in the layer"
_UNSEEN = "pip calls in {} not there may leave their cache in the layer"
_NAME_IT = "not in the build context; name that by --context"
_OTHERWISE = "line {line} of the Dockerfile runs this too, and is not to have that"
_OWN_WAY = "that does more than put words into the script; mend it by hand"
_BESIDES = "that takes a change of line {line} of the Dockerfile; make it by hand"


def follow(
    outcome: Outcome,
    choice: Choice,
    folder: Folder,
    accept: _Accept | None = None,
    steps: Sequence[Step] = PASSES,
) -> Outcome:
    """Give the outcome of a Dockerfile with what becomes of the scripts that its RUNs run.

    They are judged as the rewritten Dockerfile runs them. Nothing more of that changes, but that
    fixes are taken back by which a script would fail. A fix is made if it is right at every place
    where the script is run. `folder` and `accept` are those of `pipslim.rewrite.engine.rewrite`.
    Never raises.
    """
    if outcome.problem is not None:
        return outcome
    chosen = [step for step in steps if step.id in choice.passes - _OF_STAGES]
    try:
        run = _Run(outcome, choice, folder, accept)
        found = run.settled(chosen)
        if not run.view.places:
            return found
        again = spared(outcome, run.view, choice, folder, accept)
        if again is None or again.problem is not None:
            return found if again is None else again
        return _Run(again, choice, folder, accept).settled(chosen)
    except Unexpandable:
        return outcome  # no builder takes it, and what runs with what is not known
    except Unproven as why:
        reason = f"the proof failed: {why.reason}; the file is left as it was, please report this"
        origin = Patch.of(outcome.before).then(outcome.edits).origin
        where = position(outcome.before, origin(why.finding.span.start))
        problem = Problem(where, reason, why.finding.pass_id)
        return Outcome(outcome.before, outcome.before, problem=problem)


class _Found(NamedTuple):
    """A finding of a pass where a script is run."""

    place: Place
    finding: Finding

    @property
    def offset(self) -> int:
        """Where the finding begins in the script, the same wherever that is run."""
        return self.finding.span.start - self.place.start


class _Run:
    """The scripts of a Dockerfile on their way."""

    __slots__ = (
        "accept",
        "choice",
        "document",
        "folder",
        "held",
        "marks",
        "origin",
        "outcome",
        "refused",
        "silent",
        "view",
    )

    def __init__(
        self,
        outcome: Outcome,
        choice: Choice,
        folder: Folder,
        accept: _Accept | None,
    ) -> None:
        document = parse(outcome.after)
        assert isinstance(document, Document), "it was proven"
        self.outcome = outcome
        self.document = document
        self.choice = choice
        self.folder = folder
        self.accept = accept
        self.origin = Patch.of(outcome.before).then(outcome.edits).origin
        self.marks = pragmas(document)
        self.silent: set[tuple[str, int]] = set()  # of ignore comments: file, number
        self.refused: set[tuple[str, str, int]] = set()
        self.held: list[Finding] = []
        self.view = Followed(document, choice.options, folder)

    def settled(self, steps: Sequence[Step]) -> Outcome:
        """Run rounds until no pass offers anything; raises Unproven."""
        for _ in range(_MOST_ROUNDS):
            offered = self._offers(steps)
            if not offered:
                break
            self.folder = overlaid(self.folder, offered)
            self.view = Followed(self.document, self.choice.options, self.folder)
        else:
            raise Unproven(offered[0], "it does not settle")
        more = others(self.folder, self.view.looked_at, self.held)
        return self._told([self._with_unused(each) for each in more])

    def _offers(self, steps: Sequence[Step]) -> list[Finding]:
        """Give the fixes that go together now and are accepted."""
        while True:
            together = choose(self._look(steps)).chosen
            accepted = []
            for finding in together:
                other = finding.elsewhere
                assert other is not None
                offset = self.origin(finding.span.start)
                if self.accept is None or self.accept(Offer(offset, finding, other.text)):
                    accepted.append(finding)
                else:
                    self.refused.add(self._mark(finding))
            if accepted or not together:
                return accepted

    def _mark(self, finding: Finding) -> tuple[str, str, int]:
        """Give what stays of a finding through all rounds: its pass, file and first place."""
        other = finding.elsewhere
        assert other is not None
        patches = self.folder.patches if isinstance(self.folder, Overlay) else {}
        start = other.span.start
        if other.path in patches:
            start = patches[other.path].origin(start)
        return finding.pass_id, other.path, start

    def _look(self, steps: Sequence[Step]) -> list[Finding]:
        """Give what passes offer; what they hold back is told of later."""
        view = self.view
        offered: list[Finding] = []
        busy: set[str] = set()
        self.held = []
        for step in steps:
            if busy & step.waits_for or not any(map(view.mentions, step.signs)):
                continue
            found: dict[str, list[_Found]] = {}
            for finding in step.find(view.document, view):
                place = view.place(finding.span.start) if finding.elsewhere is None else None
                if place is not None:
                    found.setdefault(place.path, []).append(_Found(place, finding))
            for each in found.values():
                for finding in self._agreed(each):
                    if held_back(finding, unsafe=self.choice.unsafe):
                        self.held.append(finding)
                    elif self._mark(finding) not in self.refused:
                        offered.append(finding)
                        busy.add(finding.pass_id)
        return offered

    def _agreed(self, found: list[_Found]) -> Iterable[Finding]:
        """Give what a pass finds in one script, each once: a fix only if all places want it."""
        path = found[0].place.path
        places = [place for place in self.view.places if place.path == path]
        by_offset: dict[int, list[_Found]] = {}
        for each in found:
            by_offset.setdefault(each.offset, []).append(each)
        marks = script_pragmas(found[0].place.text)
        for alike in by_offset.values():
            finding = self._elsewhere(alike[0])
            if any(self._silenced(each, marks) for each in alike):
                continue
            if finding.fix is not None:
                wanted = [each.place for each in alike if self._elsewhere(each).fix == finding.fix]
                without = next((place for place in places if place not in wanted), None)
                unlike = next((each for each in alike if each.place is without), None)
                if unlike is not None and unlike.finding.fix is None:
                    finding = self._elsewhere(unlike)
                elif without is not None:
                    line = self._line(without.number)
                    why = _OTHERWISE.replace("{line}", str(line))
                    finding = finding._replace(fix=None, why_not=why)
            yield finding

    def _elsewhere(self, found: _Found) -> Finding:
        """Give a finding as one of the script's file, its edits of that."""
        place, finding = found
        start = place.start
        span = Span(finding.span.start - start, finding.span.end - start)
        fix, why_not, refers = finding.fix, finding.why_not, finding.refers
        if fix is not None:
            edits = [Edit(e.start - start, e.end - start, e.text) for e in fix.edits]
            if not all(0 <= e.start <= e.end <= len(place.text) for e in edits):
                why_not = _BESIDES.replace("{line}", str(self._line(place.number)))
                fix, refers = None, -1
            elif fix.drops or fix.alters or fix.flags or fix.lines or fix.adds:
                fix, why_not, refers = None, _OWN_WAY, -1
            else:
                fix = Fix(fix.title, fix.safety, tuple(edits))
        if refers >= 0:
            why_not, refers = self._referred(place, why_not, refers)
        instruction = self.document.instructions[place.number]
        return finding._replace(
            span=Span(instruction.start, instruction.end),
            fix=fix,
            why_not=why_not,
            refers=refers,
            elsewhere=Elsewhere(place.path, place.text, place.kind, span),
        )

    def _referred(self, place: Place, why_not: str, refers: int) -> tuple[str, int]:
        """Give a reason that names a line, and the offset of that where it is in the script."""
        other = self.view.place(refers)
        if other is place:
            return why_not, refers - place.start
        if other is None:
            line = position(self.outcome.before, self.origin(refers)).line
            return why_not.replace("{line}", f"{line} of the Dockerfile"), -1
        line = position(other.text, refers - other.start).line
        return why_not.replace("{line}", f"{line} of {other.path}"), -1

    def _line(self, number: int) -> int:
        start = self.document.instructions[number].start
        return position(self.outcome.before, self.origin(start)).line

    # -- ignore comments -----------------------------------------------------------------------

    def _silenced(self, found: _Found, marks: Sequence[Pragma]) -> bool:
        """Tell whether a comment, of the Dockerfile or of the script, silences a finding."""
        finding = self._elsewhere(found)
        other = finding.elsewhere
        assert other is not None
        own = finding._replace(span=other.span, elsewhere=None)
        for path, each, about in (
            *(("", mark, finding) for mark in self.marks),
            *((other.path, mark, own) for mark in marks),
        ):
            if each.silences(about):
                self.silent.add((path, each.number))
                return True
        return False

    def _with_unused(self, other: Other) -> Other:
        """Give a file with those of its ignore comments that are of no use."""
        kinds = [place.kind for place in self.view.places if place.path == other.path]
        if not kinds:
            return other
        idle = [
            unused(other.text, mark)
            for mark in script_pragmas(other.text)
            if mark.unknown
            or ((other.path, mark.number) not in self.silent and mark.ids <= self.choice.passes)
        ]
        return other._replace(kind=kinds[0], unused=tuple(idle)) if idle else other

    # -- what is told --------------------------------------------------------------------------

    def _told(self, more: list[Other]) -> Outcome:
        """Give the outcome with those files, and with what is not followed."""
        outcome = self.outcome
        reports = list(outcome.reports)
        by_path = {other.path: other for other in (*outcome.others, *more)}
        missing: list[Finding] = []
        for place in self.view.places if _ID in self.choice.passes else ():
            if not place.why:
                continue
            finding = self._unfollowed(place)
            if finding is None or self._quiet(finding):
                continue
            other = finding.elsewhere
            if finding.message is _UNSEEN:
                missing.append(finding)
                continue
            if other is None:
                reports.append(self._report(finding))
                continue
            where = Lines(place.text).position(other.span.start)
            told = Report(_ID, *other.span, where, finding.message, "", finding.why_not)
            file = by_path[place.path]
            if told not in file.reports:
                told_too = (*file.reports, told)
                by_path[place.path] = file._replace(kind=place.kind, reports=told_too)
        if missing:
            reports.append(self._report(_together(missing)))
        reports.sort(key=lambda report: (report.offset, report.pass_id))
        used = {mark.comment.start for mark in self.marks if ("", mark.number) in self.silent}
        places = {position(outcome.before, self.origin(start)) for start in used}
        idle = [each for each in outcome.unused if each[0] not in places]
        files = tuple([by_path[path] for path in sorted(by_path)])
        return outcome._replace(reports=tuple(reports), unused=tuple(idle), others=files)

    def _unfollowed(self, place: Place) -> Finding | None:
        """Give what there is to tell of a script that is not followed, if anything."""
        span = Span(*place.span)
        if not place.path and not place.text:
            if not self._own(span):
                return None
            if place.why == NOT_THERE:
                return Finding(_ID, span, _UNSEEN)
            return Finding(_ID, span, _UNFOLLOWED, None, place.why)
        at = mention(place.text)
        if at < 0:
            return None
        if not place.path:
            return Finding(_ID, span, _UNFOLLOWED, None, place.why) if self._own(span) else None
        elsewhere = Elsewhere(place.path, place.text, place.kind, Span(at, at + 1))
        instruction = self.document.instructions[place.number]
        span = Span(instruction.start, instruction.end)
        return Finding(_ID, span, _UNFOLLOWED, None, place.why, elsewhere=elsewhere)

    def _own(self, span: Span) -> bool:
        """Tell whether a span is of the Dockerfile itself."""
        return span.end <= len(self.document.text)

    def _quiet(self, finding: Finding) -> bool:
        """Tell whether a comment of the Dockerfile silences a finding."""
        for mark in self.marks:
            if mark.silences(finding):
                self.silent.add(("", mark.number))
                return True
        return False

    def _report(self, finding: Finding) -> Report:
        """Give a report of a finding in the Dockerfile, of its text as given."""
        start, end = map(self.origin, finding.span)
        where = position(self.outcome.before, start)
        return Report(_ID, start, end, where, finding.message, "", finding.why_not)


def _together(missing: Sequence[Finding]) -> Finding:
    """Give one finding for scripts that are not there, in the place of the first one."""
    what, why_not = "a script that is", f"it is {_NAME_IT}"
    if len(missing) > 1:
        what, why_not = f"{len(missing)} scripts that are", f"they are {_NAME_IT}"
    return missing[0]._replace(message=_UNSEEN.format(what), why_not=why_not)
