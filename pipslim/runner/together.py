"""The other files that Dockerfiles are built with: one outcome each, as all of those agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipslim.files import disk
from pipslim.files.context import ContextFolder
from pipslim.fixes.base import PYTHON, SCRIPT
from pipslim.rewrite.engine import Outcome, Problem, Report
from pipslim.rewrite.others import unproven
from pipslim.runner import FileOutcome, rewritten
from pipslim.syntax.edits import Edit, Patch
from pipslim.syntax.source import decode, encode, position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipslim.rewrite.engine import Other
    from pipslim.runner import Job

    _Identity = tuple[int, int]
    _Fix = tuple[str, tuple[Edit, ...]]


class _Reader(NamedTuple):
    """A Dockerfile that reads a file, what that file is to it, and where the file is on disk."""

    dockerfile: str
    other: Other
    path: str


def together(
    read: Iterable[FileOutcome], jobs: Sequence[Job], *, write: bool
) -> Iterator[FileOutcome]:
    """Give what becomes of the other files that Dockerfiles read; with `write`, also on disk.

    `read` are the outcomes of the Dockerfiles that tell of such files, `jobs` all of the run. A fix
    is made if each of them that reads the file proposes it, and is held back else. Those that leave
    out the pass which proposes it, or do not look into scripts, are asked whether they read the
    file: they do not propose it.
    The order is that of the first Dockerfile that reads a file.
    """
    contexts = {job.path: job.context for job in jobs}
    files: dict[_Identity, list[_Reader]] = {}
    for result in read:
        others = result.outcome.others if result.outcome is not None else ()
        _add(files, result.path, contexts.get(result.path, ""), others)
    wanted = {
        (report.pass_id, reader.other.kind in (SCRIPT, PYTHON))
        for readers in files.values()
        for reader in readers
        for report in reader.other.reports
        if report.fixed
    }
    for pass_id, in_script in sorted(wanted):
        for job in jobs:
            if pass_id not in job.choice.passes or (in_script and not job.follow):
                job = job._replace(follow=in_script)
                _add(files, job.path, job.context, _asked(job, pass_id), known_alone=True)
    for readers in files.values():
        if any(reader.other.kind for reader in readers):
            yield _settled(readers, write=write)


def _add(
    files: dict[_Identity, list[_Reader]],
    dockerfile: str,
    context: str,
    others: Iterable[Other],
    *,
    known_alone: bool = False,
) -> None:
    folder = ContextFolder(dockerfile, context)
    for other in others:
        path = folder.on_disk(other.path)
        file = disk.identity(path)
        if file is not None and (file in files or not known_alone):
            files.setdefault(file, []).append(_Reader(dockerfile, other, path))


def _asked(job: Job, pass_id: str) -> tuple[Other, ...]:
    """Give the files that a Dockerfile would read for a pass that it leaves out."""
    choice = job.choice._replace(passes=frozenset((pass_id,)))
    try:
        text = decode(disk.read(job.path))
    except disk.Unreachable:
        return ()
    outcome = rewritten(job._replace(choice=choice), text)
    return tuple([other._replace(kind="", reports=()) for other in outcome.others])


def _settled(readers: Sequence[_Reader], *, write: bool) -> FileOutcome:
    """Give what becomes of one file, which some Dockerfiles read; with `write`, write it."""
    _, first, path = readers[0]
    kind = next(reader.other.kind for reader in readers if reader.other.kind)
    before = first.text
    changed = FileOutcome(path, None, f"{path}: changed meanwhile; it is left as it is", kind)
    if any(reader.other.text != before for reader in readers):
        return changed
    reports = _agreed(readers)
    edits = [edit for report in reports for edit in report.edits]
    try:
        patch = Patch.of(before).then(edits)
        why = unproven(kind, patch) if edits else ""
    except ValueError as error:
        patch, why = Patch.of(before), str(error)
    if why:
        pass_id = next(report.pass_id for report in reports if report.fixed)
        told = f"the proof failed: {why}; the file is left as it is, please report this"
        problem = Problem(position(before, 0), told, pass_id)
        return FileOutcome(path, Outcome(before, before, problem=problem), "", kind)
    reports.sort(key=_place)
    idle = [each for each in first.unused if all(each in r.other.unused for r in readers)]
    outcome = Outcome(before, patch.text, patch.edits(), tuple(reports), unused=tuple(idle))
    if write and outcome.changed:
        try:
            if disk.read(path) != encode(before):
                return changed
            disk.write(path, encode(outcome.after))
        except disk.Unreachable as error:
            return FileOutcome(path, None, str(error), kind)
    return FileOutcome(path, outcome, "", kind)


def _place(report: Report) -> tuple[int, str]:
    return report.offset, report.pass_id


def _agreed(readers: Sequence[_Reader]) -> list[Report]:
    """Give the reports of all readers, each once: a fix that not all propose is held back."""
    proposed = [
        {(each.pass_id, each.edits) for each in reader.other.reports if each.fixed}
        for reader in readers
    ]
    found: list[Report] = []
    told: set[_Fix] = set()
    for reader in readers:
        for report in reader.other.reports:
            if not report.fixed:
                if report not in found:
                    found.append(report)
                continue
            fix = report.pass_id, report.edits
            if fix in told:
                continue
            told.add(fix)
            lacking = [r for r, fixes in zip(readers, proposed, strict=True) if fix not in fixes]
            without = list(dict.fromkeys([reader.dockerfile for reader in lacking]))
            if without:
                held = f"{without[0]} reads this file too, and is not to have that"
                if len(without) > 1:
                    more = f"{without[0]} and {len(without) - 1} more"
                    held = f"{more} read this file too, and are not to have that"
                report = report._replace(fixed="", held=held, edits=())
            found.append(report)
    return found
