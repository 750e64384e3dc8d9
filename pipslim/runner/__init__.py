"""Many files, one outcome each, in a stable order: by this process, or by several."""

from __future__ import annotations

import os
import sys
from time import perf_counter

from pipslim.files import disk
from pipslim.rewrite.engine import Choice, Outcome, rewrite
from pipslim.settings.choice import BadSetting
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

AUTO = 0

# When `auto` starts processes: once it has worked for _LOOK seconds and reckons from them that what
# is left takes _LINE seconds or more. As `benchmarks/jobs.py` measured: two processors spare 0.44 s
# of each second of work, and two processes take 0.02 s to start by fork, 0.11 s by spawn (macOS,
# Windows); so they pay from 0.05 s or 0.25 s of work on, 70 or 350 files of usual size, 0.1 or
# 0.4 MB. One line for both, above the higher one, for nobody notices what it leaves unused.
# Seconds, not files or bytes: they know how fast the machine is, and how hard the files are.
_LOOK = 0.1
_LINE = 0.3
# The first process takes outcomes in and tells them. That is a ninth of all the work, so more
# processes than these would wait for it.
_MOST = 8


class Job(NamedTuple):
    """One file to rewrite, and what the engine is told for it."""

    path: str
    choice: Choice


class FileOutcome(NamedTuple):
    """What became of one file: its outcome, or why it could not be read or written."""

    path: str
    outcome: Outcome | None
    error: str = ""


def read_number(told: str) -> int:
    """Give the number of processes that `--jobs` names, AUTO for `auto`; raises BadSetting."""
    if told == "auto":
        return AUTO
    if told.isdecimal() and told.isascii() and int(told) > 0:
        return int(told)
    raise BadSetting(f"--jobs takes a number from 1 on, or auto; not {told!r}")


def run(
    jobs: Sequence[Job], *, write: bool, processes: int = 1
) -> Generator[FileOutcome, None, None]:
    """Rewrite files, in order; with `write`, also on disk. One bad file stops none.

    `processes` work at once; AUTO takes as many as pay, often one. What is given is the same with
    any number. While it runs, a first SIGINT or SIGTERM waits until the files at hand are whole
    and have been given; then KeyboardInterrupt is raised, its argument the number of the signal.
    A second one does not wait.
    """
    if len(jobs) < 2:
        yield from (carry_out(job, write=write) for job in jobs)
        return
    from pipslim.runner.interrupts import Interrupts

    with Interrupts() as interrupts:
        spent = 0.0
        most = processes
        for at, job in enumerate(jobs):
            interrupts.check()
            if processes == AUTO and spent > _LOOK and spent / at * (len(jobs) - at) > _LINE:
                most = most or min(cores(), _MOST)
            if most > 1:
                from pipslim.runner.pool import spread

                yield from spread(jobs[at:], most, interrupts, write=write)
                break
            start = perf_counter()
            result = carry_out(job, write=write)
            spent += perf_counter() - start
            yield result
        interrupts.check()


def carry_out(job: Job, *, write: bool) -> FileOutcome:
    """Read a file, rewrite it, and with `write` put the result in its place."""
    path, choice = job
    try:
        outcome = rewrite(decode(disk.read(path)), choice)
        if write and outcome.changed:
            disk.write(path, encode(outcome.after))
    except disk.Unreachable as error:
        return FileOutcome(path, None, str(error))
    return FileOutcome(path, outcome)


def cores() -> int:
    """Give how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
