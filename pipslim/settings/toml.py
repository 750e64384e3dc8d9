"""TOML text to values, by the standard library or, before Python 3.11, by tomli, its origin."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from typing import Any

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class BadTOML(ValueError):
    """A text that is no TOML: why, and where (0-based offset)."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


def loads(text: str) -> dict[str, Any]:
    """Give the values of a TOML text; raises BadTOML."""
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        reason = message[: place.start()] if place is not None else message
        offset = len(text)
        if place is not None and place[1]:
            # the parser counts lines in a text whose \r\n are \n
            before = text.split("\n")[: int(place[1]) - 1]
            offset = sum(len(line) + 1 for line in before) + int(place[2]) - 1
        raise BadTOML(reason[:1].lower() + reason[1:], offset) from error
    return values
