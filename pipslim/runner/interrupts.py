"""Ctrl-C and its like: told once the files at hand are whole, not in the middle of one."""

from __future__ import annotations

import signal

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While it is entered, a first signal to stop is kept for `check`; a second one is not.

    Outside the main thread, where no signal can be caught, it changes nothing; nor does it catch
    a signal that this process was told to ignore.
    """

    __slots__ = ("_before", "caught")

    def __init__(self) -> None:
        self.caught = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> Interrupts:
        for number in _NUMBERS:
            before = signal.getsignal(number)
            if before in (signal.SIG_IGN, None):
                continue
            try:
                signal.signal(number, self._catch)
            except ValueError:  # not the main thread
                break
            self._before[number] = before
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def _catch(self, number: int, _frame: object) -> None:
        if self.caught:
            raise KeyboardInterrupt(number)
        self.caught = number

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was a signal; its argument is the signal's number."""
        if self.caught:
            raise KeyboardInterrupt(self.caught)
