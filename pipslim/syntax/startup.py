"""What `typing` and `re.compile` give, for a small part of the time that they cost at start-up.

A run over one file is mostly imports. Measured on CPython 3.11 in instructions, where the bare
interpreter takes 39 million: importing `typing` 16, sixty classes of `typing.NamedTuple` under
postponed annotations 67 (it compiles each annotation), seventy expressions 30.
"""

from __future__ import annotations

import re
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:

    class _Meta(type):
        """Makes the classes that are built on NamedTuple: named tuples with methods."""

        def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, members)
            fields = list(members.get("__annotations__", ()))
            defaults = [members[field] for field in fields if field in members]
            made = namedtuple(name, fields, defaults=defaults, module=members["__module__"])
            for key, value in members.items():
                if key not in fields and key not in ("__annotations__", "__module__"):
                    setattr(made, key, value)
            made.__annotations__ = members.get("__annotations__", {})
            return made

    class NamedTuple(metaclass=_Meta):
        """The base of an immutable record, as `typing.NamedTuple`, its annotations unread."""


# Makes a record of a tuple of its fields, in a third of the time that calling its class takes; for
# the loops that make dozens of a file. `record(Word, (start, end, value))` is `Word(…)`.
record = tuple.__new__

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "split", "pattern")


class _Lazy:
    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        # reached once: from then on the compiled expression's own methods are attributes here
        if name.startswith("_"):
            raise AttributeError(name)
        compiled = re.compile(self._text, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy(text: str, flags: int = 0) -> re.Pattern[str]:
    """Give what behaves as `re.compile(text, flags)` does, compiled at its first use."""
    return _Lazy(text, flags)  # type: ignore[return-value]


__all__ = ["TYPE_CHECKING", "NamedTuple", "lazy", "record"]
