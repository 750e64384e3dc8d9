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
    from collections.abc import Callable, Generator, Iterator, Sequence

    from pipslim.files.context import ContextFolder
    from pipslim.rewrite.engine import Offer
    from pipslim.runner.interrupts import Interrupts

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
    """One file to rewrite, what the engine is told for it, and the folder that it is built with.

    That folder, the build context, is the file's own where it is empty. `follow` tells that the
    scripts which its RUNs run are looked into.
    """

    path: str
    choice: Choice
    context: str = ""
    follow: bool = False
    carrier: str = ""


class FileOutcome(NamedTuple):
    """What became of one file: its outcome, or why it could not be read or written.

    `other` is empty for a Dockerfile, else the kind of the file, see `pipslim.fixes.base`; `host`
    is that of a file that holds Dockerfiles, see `pipslim.carriers`.
    """

    path: str
    outcome: Outcome | None
    error: str = ""
    other: str = ""
    host: str = ""


class LazyFolder:
    """The build context of a Dockerfile, brought in when something asks for one of its files."""

    __slots__ = ("_folder", "_told")

    def __init__(self, dockerfile: str, context: str = "") -> None:
        self._told = dockerfile, context
        self._folder: ContextFolder | None = None

    def _real(self) -> ContextFolder:
        if self._folder is None:
            from pipslim.files.context import ContextFolder

            self._folder = ContextFolder(*self._told)
        return self._folder

    def read(self, path: str) -> str | None:
        """Give a file's text; see `pipslim.facts.context.Folder`."""
        return self._real().read(path)

    def is_folder(self, path: str) -> bool:
        """Tell whether a path is that of a folder."""
        return self._real().is_folder(path)

    def match(self, pattern: str) -> list[str]:
        """Give the files and folders that a pattern means."""
        return self._real().match(pattern)


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

    Behind them come the other files that they are built with, where there is something to tell of
    those: see `pipslim.runner.together`. `processes` work at once; AUTO takes as many as pay, often
    one. What is given is the same with any number. While it runs, a first SIGINT or SIGTERM waits
    until the files at hand are whole and have been given; then KeyboardInterrupt is raised, its
    argument the number of the signal. A second one does not wait.
    """
    if len(jobs) < 2:
        yield from _and_others((carry_out(job, write=write) for job in jobs), jobs, write=write)
        return
    from pipslim.runner.interrupts import Interrupts

    with Interrupts() as interrupts:
        each = _each(jobs, processes, interrupts, write=write)
        yield from _and_others(each, jobs, write=write)
        interrupts.check()


def _each(
    jobs: Sequence[Job], processes: int, interrupts: Interrupts, *, write: bool
) -> Generator[FileOutcome, None, None]:
    """Give what becomes of each job, in order; raises KeyboardInterrupt as `run` does."""
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


def _and_others(
    results: Generator[FileOutcome, None, None], jobs: Sequence[Job], *, write: bool
) -> Iterator[FileOutcome]:
    """Give results as they come, and behind them what becomes of the other files they tell of."""
    read: list[FileOutcome] = []
    try:
        for result in results:
            if result.outcome is not None and result.outcome.others:
                read.append(result)
            yield result
    finally:
        results.close()
    if read:
        from pipslim.runner.together import together

        yield from together(read, jobs, write=write)


def carry_out(job: Job, *, write: bool) -> FileOutcome:
    """Read a file, rewrite it, and with `write` put the result in its place."""
    path = job.path
    try:
        outcome = rewritten(job, decode(disk.read(path)))
        if write and outcome.changed:
            disk.write(path, encode(outcome.after))
    except disk.Unreachable as error:
        return FileOutcome(path, None, str(error))
    return FileOutcome(path, outcome, host=job.carrier)


def rewritten(job: Job, text: str, accept: Callable[[Offer], bool] | None = None) -> Outcome:
    """Rewrite the text of a job's file; `accept` is that of `pipslim.rewrite.engine.rewrite`."""
    if job.carrier:
        from pipslim.carriers import BY_KIND

        carrier = BY_KIND[job.carrier]
        if not any(sign.decode() in text for sign in carrier.signs):
            return Outcome(text, text)  # named itself; nothing is imported for it
        from pipslim.carriers.carried import carried

        return carried(text, carrier.parts, job.choice, accept)
    folder = LazyFolder(job.path, job.context)
    if accept is None:
        outcome = rewrite(text, job.choice, folder=folder)
    else:
        outcome = rewrite(text, job.choice, accept=accept, folder=folder)
    if job.follow:
        from pipslim.carriers.scripts.follow import follow

        outcome = follow(outcome, job.choice, folder, accept)
    return outcome


def cores() -> int:
    """Give how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
