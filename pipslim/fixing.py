"""The command `pipslim fix`: find, settle what holds for each file, rewrite, tell."""

from __future__ import annotations

import os

from pipslim.cli import FAILED, OK, UNREAD, USAGE, WOULD_CHANGE, say
from pipslim.files.disk import Unreachable
from pipslim.files.find import find
from pipslim.report.diff import unified
from pipslim.report.summary import Summary
from pipslim.rewrite.engine import rewrite
from pipslim.runner import FileOutcome, Job, run
from pipslim.settings.book import Book
from pipslim.settings.choice import BadSetting
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipslim.cli import Streams
    from pipslim.options import Arguments
    from pipslim.rewrite.engine import Problem

STDIN = "-"


def fix(arguments: Arguments, streams: Streams) -> int:
    """Carry out `pipslim fix`; give the exit code."""
    try:
        if arguments.write and arguments.check:
            raise BadSetting("--write and --check exclude each other")
        book = Book(arguments)
        if STDIN in arguments.paths:
            if len(arguments.paths) > 1:
                raise BadSetting("- (standard input) is not to be mixed with other paths")
            return _fix_stdin(arguments, book, streams)
        jobs = list(_jobs(arguments, book))
    except (BadSetting, Unreachable) as error:
        say(streams, f"pipslim: {error}")
        return USAGE
    if not jobs:
        if not arguments.quiet:
            say(streams, "no Dockerfiles found")
        return OK
    return _report(run(jobs, write=arguments.write), arguments, streams)


def _jobs(arguments: Arguments, book: Book) -> Iterator[Job]:
    """Give the files to rewrite, each with what holds for it."""
    for path in find(arguments.paths or (".",), book.search):
        if not book.excludes(path):
            yield Job(path, book.choice(path))


def _report(results: Iterable[FileOutcome], arguments: Arguments, streams: Streams) -> int:
    """Tell what became of each file as it comes; give the exit code."""
    code = OK
    summary = Summary()
    diff = not arguments.write if arguments.diff is None else arguments.diff
    colour = diff and streams.stdout.isatty() and not os.environ.get("NO_COLOR")
    for result in results:
        summary.add(result)
        outcome = result.outcome
        if outcome is None:
            say(streams, result.error)
            code = max(code, UNREAD)
            continue
        if outcome.problem is not None:
            code = max(code, _tell(result.path, outcome.problem, streams))
        elif outcome.changed:
            if arguments.check:
                code = max(code, WOULD_CHANGE)
            if diff:
                path = _relative(result.path)
                text = unified(path, outcome.before, outcome.edits, colour=colour)
                streams.stdout.write(encode(text))
    streams.stdout.flush()
    if not arguments.quiet:
        for line in summary.lines(written=arguments.write):
            say(streams, line)
    return code


def _fix_stdin(arguments: Arguments, book: Book, streams: Streams) -> int:
    """Rewrite standard input: the new text to standard output, or its diff if asked for."""
    name = arguments.stdin_filename or "stdin"
    outcome = rewrite(decode(streams.stdin.read()), book.choice(name))
    if arguments.check or arguments.diff:
        return _report([FileOutcome(name, outcome)], arguments._replace(quiet=True), streams)
    streams.stdout.write(encode(outcome.after))
    streams.stdout.flush()
    return OK if outcome.problem is None else _tell(name, outcome.problem, streams)


def _tell(path: str, problem: Problem, streams: Streams) -> int:
    about = f"{problem.pass_id}: " if problem.pass_id else ""
    say(streams, f"{path}:{problem.position}: {about}{problem.reason}")
    return FAILED if problem.pass_id else UNREAD


def _relative(path: str) -> str:
    """Give a path as the diff names it: relative to the current folder, with slashes."""
    if os.path.isabs(path):
        path = os.path.relpath(path)
    return os.path.normpath(path).replace(os.sep, "/")
