"""The same work in several processes: chunks of files out, their outcomes back in order."""

from __future__ import annotations

import concurrent.futures
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from time import monotonic

from pipslim.files.disk import identity
from pipslim.runner import FileOutcome, Job, carry_out
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from pipslim.runner.interrupts import Interrupts

    _Outcomes = Future[list[FileOutcome]]

_CHUNK = 16  # files; some 15 ms of work, against 0.5 ms for handing them over and back
# Chunks under way for each process: one at work, and so many at hand that a hard file holds nobody
# up. They are all that is kept in memory.
_AHEAD = 4
_MOST = 61  # processes; Windows waits for no more at once
_GLANCE = 0.1  # seconds between two looks for a signal while waiting
_PATIENCE = 1.0  # seconds that processes have to end before they are killed
_HELD = {signal.SIGINT, signal.SIGTERM}
_DIED = (
    "the process that rewrote it was killed, twice; is there memory enough?"
    " the file is the old one or the whole new one"
)


class NoProcesses(Exception):
    """No process can be started here: the system has no more, or no locks between them."""


class Chunk(NamedTuple):
    """Some of the files, in a row; `here` if this process is to do them, in their turn."""

    jobs: Sequence[Job]
    here: bool = False


def spread(
    jobs: Sequence[Job], processes: int, interrupts: Interrupts, *, write: bool
) -> Iterator[FileOutcome]:
    """Give what `pipslim.runner.run` gives, worked out by a number of processes.

    A process that dies costs no more than the file at which it does so again: what was under way
    is done anew, file by file, in a process of its own. Where none can be started, this one does
    the work. After a signal, what was under way comes still, then nothing more.
    """
    processes = min(processes, len(jobs), _MOST)
    chunks = iter(_chunks(jobs, processes, write=write))
    waiting: deque[tuple[Chunk, _Outcomes | None]] = deque()
    alone = True
    try:
        with _Pool(processes, interrupts) as pool:
            while not interrupts.caught:
                while len(waiting) < processes * _AHEAD and (chunk := next(chunks, None)):
                    waiting.append((chunk, None))
                    if not chunk.here:
                        waiting[-1] = chunk, pool.submit(chunk.jobs, write=write)
                if not waiting:
                    return
                yield from _outcomes(pool, waiting, interrupts, write=write)
            while waiting:
                yield from _outcomes(pool, waiting, interrupts, write=write)
            return
    except BrokenProcessPool:
        pass
    except NoProcesses:
        alone = False
    one_by_one = _alone if alone else _here
    for chunk, future in waiting:  # what had come back before the break still stands
        if future is not None and future.done() and future.exception() is None:
            yield from future.result()
        else:
            yield from one_by_one(chunk.jobs, interrupts, write=write)
    rest = (job for chunk in chunks for job in chunk.jobs)
    yield from one_by_one(rest, interrupts, write=write)


def _outcomes(
    pool: _Pool,
    waiting: deque[tuple[Chunk, _Outcomes | None]],
    interrupts: Interrupts,
    *,
    write: bool,
) -> Iterator[FileOutcome]:
    """Give the outcomes of the chunk that waits longest; it is taken off once they are there."""
    chunk, future = waiting[0]
    done: Sequence[FileOutcome] = ()
    if future is not None and not (interrupts.caught and future.cancel()):
        done = pool.result(future)
    waiting.popleft()
    yield from done
    # a chunk comes back in part from a process that alone was told to stop
    yield from _here(chunk.jobs[len(done) :], interrupts, write=write)


def _here(jobs: Iterable[Job], interrupts: Interrupts, *, write: bool) -> Iterator[FileOutcome]:
    for job in jobs:
        if interrupts.caught:
            return
        yield carry_out(job, write=write)


def _alone(jobs: Iterable[Job], interrupts: Interrupts, *, write: bool) -> Iterator[FileOutcome]:
    """Do files one by one in a process of their own, a new one after each death."""
    left = iter(jobs)
    died = True
    while died and not interrupts.caught:
        died = False
        try:
            with _Pool(1, interrupts) as pool:
                for job in left:
                    if interrupts.caught:
                        return
                    yield from pool.result(pool.submit((job,), write=write))
        except BrokenProcessPool:
            if interrupts.caught:
                return
            died = True
            yield FileOutcome(job.path, None, f"{job.path}: {_DIED}")
        except NoProcesses:
            yield from _here((job, *left), interrupts, write=write)


def _chunks(jobs: Sequence[Job], processes: int, *, write: bool) -> Iterator[Chunk]:
    """Cut the files into chunks, small ones where there are few.

    Two paths may lead to one file. When writing, the second then waits for the first, as it does
    in a single process, whatever the number of processes.
    """
    size = max(1, min(_CHUNK, len(jobs) // (processes * _AHEAD)))
    seen: set[tuple[int, int]] = set()
    start = 0
    for at, job in enumerate(jobs):
        file = identity(job.path) if write else None
        if file is not None and file in seen:
            if start < at:
                yield Chunk(jobs[start:at])
            yield Chunk((job,), here=True)
            start = at + 1
        elif at + 1 - start == size:
            yield Chunk(jobs[start : at + 1])
            start = at + 1
        if file is not None:
            seen.add(file)
    if start < len(jobs):
        yield Chunk(jobs[start:])


class _Pool:
    """Processes that work on chunks; they end with it, and they do not outlive this process."""

    def __init__(self, processes: int, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._others = set(multiprocessing.active_children())
        self._told = False
        arguments = (gc.get_threshold(),)
        try:
            self._executor = ProcessPoolExecutor(processes, _context(), _begin, arguments)
        except (OSError, ImportError, NotImplementedError) as error:
            raise NoProcesses(str(error)) from error

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        hurried = kind is not None and not issubclass(kind, BrokenProcessPool)
        children = self._children() if hurried else []
        self._stop(children)
        self._executor.shutdown(wait=not hurried, cancel_futures=True)
        until = monotonic() + _PATIENCE
        for child in children:
            child.join(max(0.0, until - monotonic()))
            if child.is_alive():
                child.kill()

    def submit(self, jobs: Sequence[Job], *, write: bool) -> _Outcomes:
        """Hand files over; raises BrokenProcessPool or NoProcesses.

        This may start a process. No signal reaches that before it is ready for one.
        """
        try:
            if sys.platform == "win32":
                return self._executor.submit(work, jobs, write=write)
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
            try:
                return self._executor.submit(work, jobs, write=write)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except OSError as error:
            raise NoProcesses(str(error)) from error

    def result(self, future: _Outcomes) -> list[FileOutcome]:
        """Wait for outcomes; after a signal the processes stop at the next file."""
        while True:
            try:
                return future.result(_GLANCE)
            except concurrent.futures.TimeoutError:
                if self._interrupts.caught and not self._told:
                    self._told = True
                    self._stop(self._children())

    def _children(self) -> list[BaseProcess]:
        return [each for each in multiprocessing.active_children() if each not in self._others]

    def _stop(self, children: Iterable[BaseProcess]) -> None:
        if sys.platform != "win32":  # there they finish their chunks
            for child in children:
                if child.pid is not None and child.is_alive():
                    os.kill(child.pid, signal.SIGINT)


def _context() -> BaseContext:
    """Give the way to start processes: by fork where that is safe, for it is five times as fast.

    It is where no other thread may hold a lock, and not on macOS, whose own libraries run threads.
    """
    forks = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    return multiprocessing.get_context(
        "fork" if forks and threading.active_count() == 1 else "spawn"
    )


# -- in the processes that are started -------------------------------------------------------------

_stopping = _ending = _working = False


def work(jobs: Sequence[Job], *, write: bool) -> list[FileOutcome]:
    """Do a chunk of files; once told to stop, give those that are done."""
    global _working
    done: list[FileOutcome] = []
    _working = True
    try:
        for job in jobs:
            if _stopping or _ending:
                break
            done.append(carry_out(job, write=write))
    finally:
        _working = False
        if _ending:
            os._exit(1)
    return done


def _begin(threshold: tuple[int, int, int]) -> None:
    """Make a new process ready: for signals, for garbage as rare as in the first, for its end."""
    gc.freeze()
    gc.set_threshold(*threshold)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _end)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _stop(_number: int, _frame: object) -> None:
    global _stopping
    _stopping = True


def _end(_number: int, _frame: object) -> None:
    """End at once, or behind the file at hand, so that no half of one is left."""
    global _ending
    _ending = True
    if not _working:
        os._exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
