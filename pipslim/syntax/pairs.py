"""The `name=value` words of an ENV or ARG, each with its span in the logical text."""

from __future__ import annotations

import re
from functools import lru_cache

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy, record

if TYPE_CHECKING:
    from pipslim.syntax.document import Instruction

_BLANKS = lazy(r"[\t\v\f\r ]+")
_WORD = {
    escape: lazy(
        r"""(?:[^\s'"ESC]|ESC(?:.|$)|'[^']*(?:'|$)|"(?:[^"ESC]|ESC.)*(?:"|ESC?$))+""".replace(
            "ESC", re.escape(escape)
        ),
        re.DOTALL,
    )
    for escape in ("\\", "`")
}
_SPECIAL = lazy(r"['\"\\`]")
_PLAIN = lazy(r"[A-Za-z_][A-Za-z0-9_.-]*=[^\s'\"\\`=]*$")


class Pair(NamedTuple):
    """One variable: raw key and raw value, unexpanded, and the span of both together.

    `legacy` marks `ENV key rest of line`, where the value is all of the rest, blanks at its ends
    left out. Offsets are 0-based, into the instruction's logical text.
    """

    key: str
    value: str
    start: int
    end: int
    legacy: bool


class Malformed(NamedTuple):
    """An ENV that BuildKit rejects: the offset in the logical text, and why."""

    offset: int
    reason: str


def pairs(instruction: Instruction, escape: str) -> tuple[Pair, ...] | Malformed:
    """Read the pairs of an ENV as BuildKit does (`parseNameVal`): `k=v …`, or the legacy form."""
    return _pairs(instruction.view.text, instruction.args, escape)


@lru_cache(maxsize=512)
def _pairs(text: str, start: int, escape: str) -> tuple[Pair, ...] | Malformed:
    rest = text[start:].strip()
    if _PLAIN.match(rest):  # most are a single plain pair
        key, _, value = rest.partition("=")
        return (record(Pair, (key, value, start, start + len(rest), False)),)
    start = text.find(rest, start)
    end = start + len(rest)
    word = _WORD[escape]
    match = word.match(text, start, end)
    if match is None:
        return Malformed(start, "ENV without a variable; write ENV name=value")
    if "=" not in match[0]:
        blanks = _BLANKS.search(text, start, end)
        if blanks is None:
            return Malformed(start, "ENV with a name alone; write ENV name=value")
        key = text[start : blanks.start()]
        return (Pair(key, text[blanks.end() : end], start, end, True),)
    found: list[Pair] = []
    at = start
    while match is not None:
        raw = match[0]
        key, equals, value = raw.partition("=")
        if not equals:
            return Malformed(match.start(), f"no = in {raw!r}; write name=value")
        first, at = match.span()
        found.append(record(Pair, (key, value, first, at, False)))
        while at < end and text[at].isspace():
            at += 1
        match = word.match(text, at, end) if at < end else None
    if at < end:
        return Malformed(at, "unreadable variable; write name=value")
    return tuple(found)


def arguments(instruction: Instruction, escape: str) -> list[tuple[str, str | None]]:
    """Read the words of an ARG: each name, with its raw default or None."""
    text = instruction.arguments
    found: list[tuple[str, str | None]] = []
    for word in text.split() if not _SPECIAL.search(text) else _WORD[escape].findall(text):
        name, equals, value = word.partition("=")
        found.append((name, value if equals else None))
    return found
