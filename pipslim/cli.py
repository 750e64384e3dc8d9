"""The command line: arguments in, streams and exit codes out."""

from __future__ import annotations

import sys

from pipslim.options import parse_quickly
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import IO

OK = 0  # nothing to do, or written, or a dry run
WOULD_CHANGE = 1  # --check, and something would change
USAGE = 2  # a wrong option, setting or path
UNREAD = 3  # a file could not be read, parsed or (measure) built; the others are done
FAILED = 4  # a rewrite failed its own proof; its file is as it was, the others are done
# as shells tell that a signal ended a program: 128 and its number, that of Ctrl-C is 2
SIGNALLED = 128
INTERRUPTED = SIGNALLED + 2


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
            from pipslim.fixing import fix

            return fix(arguments, streams)
    from pipslim.app import run_app

    return run_app(argv, streams)


def say(streams: Streams, text: str) -> None:
    """Write a line for people; what the stream cannot show is escaped."""
    encoding = getattr(streams.stderr, "encoding", None) or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    streams.stderr.write(shown + "\n")


def complain(streams: Streams, error: Exception) -> None:
    """Write what stops a run: with the program's name, or the place that the words begin with."""
    say(streams, str(error) if getattr(error, "placed", False) else f"pipslim: {error}")
