r"""Progress for whoever watches: one line on a terminal, rewritten in place."""

from __future__ import annotations

import os
from time import monotonic

from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import IO, Any

    from pipslim.runner import FileOutcome

_AFTER = 1.0  # seconds without a line: most runs are over by then
_EACH = 0.1  # seconds between two lines
_NARROW = 20  # columns; a terminal that says it has fewer does not know


class Progress:
    """Counts outcomes as they pass; on a terminal, after a second, shows how many there are."""

    __slots__ = ("_clock", "_due", "_length", "_shown", "_stream", "changed", "done", "total")

    def __init__(
        self, stream: IO[str], total: int, *, shown: bool, clock: Callable[[], float] = monotonic
    ) -> None:
        self.total = total
        self.done = self.changed = 0
        self._stream = stream
        self._shown = shown and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._clock = clock
        self._due = clock() + _AFTER
        self._length = 0  # of the line on display, in columns

    def follow(
        self, results: Generator[FileOutcome, None, None]
    ) -> Generator[FileOutcome, None, None]:
        """Give what comes; closing this closes that, and leaves no line behind."""
        try:
            for result in results:
                if not result.other:
                    self.done += 1
                    self.changed += result.outcome is not None and result.outcome.changed
                yield result
                if self._shown and self._clock() >= self._due:
                    self._draw(result.path)
        finally:
            self.clear()
            results.close()

    def above(self, stream: Any) -> Any:
        """Give a stream that clears the line before anything is written to it, if there is one."""
        return _Above(stream, self) if self._shown and stream.isatty() else stream

    def stopped(self, *, written: bool) -> str:
        """Say what was done by a run that was stopped."""
        verb = "changed" if written else "would change"
        return f"interrupted: {self.done} of {self.total} files done, {self.changed} {verb}"

    def clear(self) -> None:
        """Take the line away."""
        if self._length:
            self._stream.write("\r" + " " * self._length + "\r")
            self._stream.flush()
            self._length = 0

    def _draw(self, path: str) -> None:
        self._due = self._clock() + _EACH
        text = f"{self.done} of {self.total} files"
        folder = path.rpartition(os.sep)[0]
        if folder:
            # what the terminal may take for a command, or cannot show, shall not reach it
            shown = "".join(each if " " <= each <= "~" else "?" for each in folder)
            room = self._columns() - 1 - len(text) - 2
            if room < len(shown):
                shown = "..." + shown[len(shown) - room + 3 :] if room > 3 else ""
            text += f", {shown}" if shown else ""
        text = text[: self._columns() - 1]
        self._stream.write("\r" + text.ljust(self._length))
        self._stream.flush()
        self._length = len(text)

    def _columns(self) -> int:
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return columns if columns >= _NARROW else 80


class _Above:
    """A stream above the line of progress."""

    def __init__(self, stream: Any, progress: Progress) -> None:
        self._stream = stream
        self._progress = progress

    def write(self, data: Any) -> None:
        self._progress.clear()
        self._stream.write(data)
        self._stream.flush()  # else it would come later, in the middle of the line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
