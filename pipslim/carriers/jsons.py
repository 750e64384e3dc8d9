"""JSON whose strings know where they stand."""

from __future__ import annotations

import json.decoder
import json.scanner
import re
from typing import Any

from pipslim.carriers.chars import Chars
from pipslim.carriers.part import Unreadable
from pipslim.syntax.source import BOM

_ESCAPE = re.compile(r"[^\\]+|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.")
# The standard library's own reader in Python asks what reads a string, the one in C does not. Types
# are not told of what that takes.
_decoder: Any = json.decoder
_scanner: Any = json.scanner
_TELL = "mend that, or exclude the file"


class String(str):
    """A string of JSON, with where it begins and ends between its quotes (0-based offsets)."""

    __slots__ = ("end", "start")

    start: int
    end: int


class Object(list[tuple[str, object]]):
    """An object of JSON: its pairs in order, for a name may stand twice."""

    __slots__ = ()

    def get(self, name: str) -> object:
        """Give the value of a name, the last one; None where there is none."""
        return next((value for key, value in reversed(self) if key == name), None)


def load(text: str) -> object:
    """Give what a text of JSON says: objects as Object, strings as String, else Python's own.

    Raises Unreadable where it is no JSON.
    """
    decoder = _decoder.JSONDecoder(object_pairs_hook=Object)
    decoder.parse_string = _positioned
    decoder.scan_once = _scanner.py_make_scanner(decoder)
    shift = len(text) - len(text.removeprefix(BOM))
    try:
        # a blank in the place of a byte order mark, so that offsets stay
        said: object = decoder.decode(" " * shift + text[shift:])
    except json.JSONDecodeError as error:
        raise Unreadable(error.pos, f"no JSON: {error.msg}; {_TELL}") from None
    except (RecursionError, ValueError) as error:
        raise Unreadable(0, f"no JSON: {error}; {_TELL}") from None
    return said


def characters(text: str, string: String) -> Chars:
    """Give what a string of `text` says, with the place of each character."""
    found = Chars()
    for match in _ESCAPE.finditer(text, string.start, string.end):
        if match[0][0] == "\\":
            found.escaped(string[len(found.starts)], match.start(), match.end())
        else:
            found.same(match[0], match.start())
    return found


def _positioned(text: str, start: int, strict: bool = True) -> tuple[String, int]:
    said, behind = _decoder.scanstring(text, start, strict)
    string = String(said)
    string.start, string.end = start, behind - 1
    return string, behind
