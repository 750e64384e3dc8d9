"""Keys from a terminal: each as it is pressed where the system can, else with Enter behind."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTER = "\n"
_END = b"\x04"  # Ctrl-D, where the terminal does not make an end of input of it
_MOST = 64


class Keys:
    """What is typed, key by key.

    `at_once` tells that keys are read as they are pressed and not shown by the terminal; else a
    line is read, and its first character is the key.
    """

    __slots__ = ("_stream", "_typed", "at_once")

    def __init__(self, stream: IO[bytes], *, at_once: bool) -> None:
        self._stream = stream
        self._typed: list[str] = []  # keys that came with one that has been given
        self.at_once = at_once

    def read(self) -> str:
        """Wait for a key: a character, `ENTER`, or nothing at the end of the input.

        A key that sends several bytes, such as an arrow, is given as its escape character alone.
        """
        while not self._typed:
            try:
                data = self._read()
            except OSError:  # the terminal is gone
                data = b""
            if not data or data == _END:
                return ""
            text = data.decode("utf-8", "replace").replace("\r", ENTER)
            if not self.at_once:
                text = text.strip()[:1] or ENTER
            self._typed = ["\x1b"] if text.startswith("\x1b") else list(text)
        return self._typed.pop(0)

    def _read(self) -> bytes:
        if not self.at_once:
            return self._stream.readline()
        # what one press sends comes in one piece
        piece: Callable[[int], bytes] = getattr(self._stream, "read1", self._stream.read)
        return piece(_MOST)


@contextmanager
def keys(stream: IO[bytes]) -> Iterator[Keys]:
    """Give the keys typed at the terminal `stream`, which is left as it was on every way out.

    Signals that end the program raise SystemExit meanwhile, and so leave that way.
    """
    try:
        import signal
        import termios
        import tty

        terminal = stream.fileno()
    except (ImportError, OSError):  # Windows; or no terminal of the system's own
        yield Keys(stream, at_once=False)
        return
    try:
        before = termios.tcgetattr(terminal)
    except termios.error:
        yield Keys(stream, at_once=False)
        return

    def leave(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    def again(*_: Any) -> None:  # the shell has set the terminal for itself meanwhile
        tty.setcbreak(terminal)

    handlers: dict[int, Any] = {
        signal.SIGTERM: leave,
        signal.SIGHUP: leave,
        signal.SIGCONT: again,
    }
    old: dict[int, Any] = {}
    try:
        for number, handler in handlers.items():
            try:
                old[number] = signal.signal(number, handler)
            except ValueError:  # not in the main thread
                break
        tty.setcbreak(terminal)
        yield Keys(stream, at_once=True)
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        for number, handler in old.items():
            if handler is not None:  # else it was not Python's
                signal.signal(number, handler)
