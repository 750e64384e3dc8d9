"""Calls of `pipslim fix` with streams of their own, and the files that they find."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

from pipslim import cli


class Ran(NamedTuple):
    """How a run ended: its exit code, and what it printed on either stream."""

    code: int
    out: str
    err: str


class Terminal(io.BytesIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(*argv: str, stdin: bytes = b"", terminal: bool = False) -> Ran:
    """Run `pipslim fix` with streams of its own."""
    kind = Terminal if terminal else io.BytesIO
    out, err = kind(), io.StringIO()
    code = cli.main(["fix", *argv], cli.Streams(kind(stdin), out, err))
    return Ran(code, out.getvalue().decode(), err.getvalue())


def put(path: str, text: str) -> Path:
    """Write a file in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return file
