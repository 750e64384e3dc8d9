"""The command `pipslim fix`: find, settle what holds for each file, rewrite, tell."""

from __future__ import annotations

import os

from pipslim.cli import (
    FAILED,
    INTERRUPTED,
    OK,
    SIGNALLED,
    UNREAD,
    USAGE,
    WOULD_CHANGE,
    complain,
    say,
)
from pipslim.files.disk import Unreachable
from pipslim.outputs import STDIN, check, opened
from pipslim.report.summary import Summary
from pipslim.rewrite.engine import Outcome, rewrite
from pipslim.runner import FileOutcome, Job, read_number, rewritten, run
from pipslim.runner.found import jobs as found
from pipslim.runner.found import kind_of
from pipslim.settings.book import Book
from pipslim.settings.choice import BadSetting
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipslim.cli import Streams
    from pipslim.options import Arguments
    from pipslim.outputs import Output
    from pipslim.report.progress import Progress
    from pipslim.rewrite.engine import Problem


def fix(arguments: Arguments, streams: Streams) -> int:
    """Carry out `pipslim fix`; give the exit code."""
    if arguments.output_file == STDIN:  # or standard output, where something is written
        arguments = arguments._replace(output_file="")
    unread: list[str] = []
    progress: Progress | None = None
    try:
        _check(arguments, streams)
        book = Book(arguments)
        if STDIN in arguments.paths:
            return _fix_stdin(arguments, book, streams)
        number = read_number(arguments.jobs)
        jobs = list(found(book, unread))
        if len(jobs) > 1 and not arguments.interactive:
            progress, streams = _watched(len(jobs), arguments, streams)
        outputs = opened(arguments, streams.stdout, [job.path for job in jobs])
    except (BadSetting, Unreachable) as error:
        complain(streams, error)
        return USAGE
    for line in unread:
        say(streams, line)
    least = UNREAD if unread else OK
    if not jobs:
        if not arguments.quiet:
            say(streams, "no Dockerfiles found")
        arguments = arguments._replace(quiet=True)
    if arguments.interactive:
        return max(least, _ask(jobs, arguments, streams))
    results = run(jobs, write=arguments.write, processes=number)
    if progress is None:
        return max(least, _report(results, outputs, arguments, streams))
    try:
        return max(least, _report(progress.follow(results), outputs, arguments, streams))
    except KeyboardInterrupt as stop:
        streams.stdout.flush()
        say(streams, progress.stopped(written=arguments.write))
        return SIGNALLED + stop.args[0] if stop.args else INTERRUPTED
    finally:
        results.close()


def _check(arguments: Arguments, streams: Streams) -> None:
    """Raise BadSetting or Unreachable for options that do not go together, or cannot be met."""
    if arguments.write and arguments.check:
        raise BadSetting("--write and --check exclude each other")
    if STDIN in arguments.paths and len(arguments.paths) > 1:
        raise BadSetting("- (standard input) is not to be mixed with other paths")
    if arguments.interactive:
        from pipslim.review.interactive import check as check_interactive

        terminal = streams.stdin.isatty() and streams.stdout.isatty()
        check_interactive(arguments, terminal=terminal)
    check(arguments)


def _watched(total: int, arguments: Arguments, streams: Streams) -> tuple[Progress, Streams]:
    """Give what shows progress to whoever watches, and streams that do not write into it."""
    from pipslim.report.progress import Progress

    progress = Progress(streams.stderr, total, shown=not arguments.quiet)
    above = progress.above
    return progress, streams._replace(stdout=above(streams.stdout), stderr=above(streams.stderr))


def _report(
    results: Iterable[FileOutcome],
    outputs: Sequence[Output],
    arguments: Arguments,
    streams: Streams,
) -> int:
    """Hand each result to the outputs as it comes, and tell of the run; give the exit code."""
    code = OK
    summary = Summary()
    for result in results:
        summary.add(result)
        code = max(code, _code(result, arguments, streams))
        for output in outputs:
            output.take(result)
    told: list[str] = []
    failed: list[str] = []
    for output in outputs:
        try:
            told += output.close()
        except (BadSetting, Unreachable) as error:
            failed.append(f"pipslim: {error}")
            code = max(code, USAGE)
    streams.stdout.flush()
    if not arguments.quiet:
        for line in (*summary.lines(written=arguments.write), *told):
            say(streams, line)
    for line in failed:
        say(streams, line)
    return code


def _code(result: FileOutcome, arguments: Arguments, streams: Streams) -> int:
    """Give the exit code for one file; tell why it could not be rewritten, if so."""
    outcome = result.outcome
    if outcome is None:
        say(streams, result.error)
        return UNREAD
    if outcome.problem is not None:
        return _tell(result.path, outcome.problem, streams)
    return WOULD_CHANGE if outcome.changed and arguments.check else OK


def _tell(path: str, problem: Problem, streams: Streams) -> int:
    about = f"{problem.pass_id}: " if problem.pass_id else ""
    say(streams, f"{path}:{problem.position}: {about}{problem.reason}")
    return FAILED if problem.pass_id else UNREAD


def _ask(jobs: list[Job], arguments: Arguments, streams: Streams) -> int:
    """Ask for each fix and write what is taken; give the exit code, or raise KeyboardInterrupt."""
    from pipslim.review.interactive import Walk
    from pipslim.review.keys import keys

    def show(text: str) -> None:
        streams.stdout.write(encode(text))
        streams.stdout.flush()

    with keys(streams.stdin) as typed:
        walk = Walk(jobs, show, typed, colour=not os.environ.get("NO_COLOR"))
        code = _report(walk.outcomes(), (), arguments._replace(write=True), streams)
    if not arguments.quiet:
        say(streams, walk.told())
    if walk.interrupted:
        raise KeyboardInterrupt
    return code


def _fix_stdin(arguments: Arguments, book: Book, streams: Streams) -> int:
    """Rewrite standard input: the new text to standard output, or its diff if asked for."""
    name = arguments.stdin_filename or "stdin"
    text, choice = decode(streams.stdin.read()), book.choice(name)
    left_out = bool(arguments.stdin_filename) and book.excludes(name)
    context = book.context(name)
    carrier = kind_of(text, book.carrier(name)) if arguments.stdin_filename else ""
    job = Job(name, choice, context, book.follows(name), carrier)
    if left_out:
        outcome = Outcome(text, text)
    elif arguments.stdin_filename or context:
        outcome = rewritten(job, text)
    else:  # where the build context is, is not known
        outcome = rewrite(text, choice)
    arguments = arguments._replace(quiet=True, write=False)
    outputs = opened(arguments, streams.stdout, [name])
    results = [FileOutcome(name, outcome, host=carrier)]
    if outcome.others:
        from pipslim.runner.together import together

        results += together(results, [job], write=False)
    return _report(results, outputs, arguments, streams)
