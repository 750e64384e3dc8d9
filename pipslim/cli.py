"""The command line: arguments in, streams and exit codes out."""

from __future__ import annotations

import os
import sys

from pipslim import files
from pipslim.options import Arguments, parse_quickly
from pipslim.report.diff import unified
from pipslim.report.summary import Summary
from pipslim.rewrite.engine import rewrite
from pipslim.runner import FileOutcome, run
from pipslim.settings import BadSetting, choice
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from pipslim.rewrite.engine import Choice

OK = 0  # nothing to do, or written, or a dry run
WOULD_CHANGE = 1  # --check, and something would change
USAGE = 2  # a wrong option, setting or path
UNREAD = 3  # a file could not be read, parsed or (measure) built; the others are done
FAILED = 4  # a rewrite failed its own proof; its file is as it was, the others are done

STDIN = "-"


class Streams(NamedTuple):
    """Where a run reads and writes: bytes in, bytes out, text for people."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[str]


def main(argv: list[str], streams: Streams | None = None) -> int:
    """Run the command line with the words behind the program's name; give the exit code.

    A plain `fix` is read without typer, whose import takes longer than rewriting hundreds of files.
    """
    if streams is None:
        streams = Streams(sys.stdin.buffer, sys.stdout.buffer, sys.stderr)
    if argv and argv[0] == "fix":
        arguments = parse_quickly(argv[1:])
        if arguments is not None:
            return fix(arguments, streams)
    from pipslim.app import run_app

    return run_app(argv, streams)


def fix(arguments: Arguments, streams: Streams) -> int:
    """Carry out `pipslim fix`."""
    try:
        chosen = choice(arguments)
        if arguments.write and arguments.check:
            raise BadSetting("--write and --check exclude each other")
        if STDIN in arguments.paths:
            if len(arguments.paths) > 1:
                raise BadSetting("- (standard input) is not to be mixed with other paths")
            return _fix_stdin(arguments, chosen, streams)
        paths = list(files.find(arguments.paths or (".",)))
    except (BadSetting, files.Unreachable) as error:
        say(streams, f"pipslim: {error}")
        return USAGE
    if not paths:
        if not arguments.quiet:
            say(streams, "no Dockerfiles found")
        return OK
    return _report(run(paths, chosen, write=arguments.write), arguments, streams)


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


def _fix_stdin(arguments: Arguments, chosen: Choice, streams: Streams) -> int:
    """Rewrite standard input: the new text to standard output, or its diff if asked for."""
    name = arguments.stdin_filename or "stdin"
    outcome = rewrite(decode(streams.stdin.read()), chosen)
    if arguments.check or arguments.diff:
        return _report([FileOutcome(name, outcome)], arguments._replace(quiet=True), streams)
    streams.stdout.write(encode(outcome.after))
    streams.stdout.flush()
    return OK if outcome.problem is None else _tell(name, outcome.problem, streams)


def _tell(path: str, problem: object, streams: Streams) -> int:
    from pipslim.rewrite.engine import Problem

    if not isinstance(problem, Problem):
        raise TypeError(problem)
    about = f"{problem.pass_id}: " if problem.pass_id else ""
    say(streams, f"{path}:{problem.position}: {about}{problem.reason}")
    return FAILED if problem.pass_id else UNREAD


def _relative(path: str) -> str:
    """Give a path as the diff names it: relative to the current folder, with slashes."""
    if os.path.isabs(path):
        path = os.path.relpath(path)
    return os.path.normpath(path).replace(os.sep, "/")


def say(streams: Streams, text: str) -> None:
    """Write a line for people; what the stream cannot show is escaped."""
    encoding = getattr(streams.stderr, "encoding", None) or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    streams.stderr.write(shown + "\n")
