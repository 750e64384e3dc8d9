"""The characters of a text in Python's literals, each with its place."""

from __future__ import annotations

import re

from pipslim.facts.python.chars import Chars

_BETWEEN = re.compile(r"(?:[ \t\n]|\\\n|#[^\n]*)*")
_OPENING = re.compile(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_ESCAPE = re.compile(
    r"\\(?:(\n)|([\\'\"abfnrtv])|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})"
    r"|U([0-9a-fA-F]{8})|N\{)"
)
_NAMED = dict(zip("\\'\"abfnrtv", "\\'\"\a\b\f\n\r\t\v", strict=True))


class Hole:
    """A part of an f-string that is filled in: its text between the braces, and its place."""

    __slots__ = ("at", "offset", "text")

    def __init__(self, at: int, offset: int, text: str) -> None:
        self.at = at  # in the literal's own text
        self.offset = offset  # of the brace
        self.text = text


def read(text: str, start: int, end: int) -> tuple[Chars, list[Hole]] | None:
    """Read the literals of a text that stand next to each other in `text[start:end]`.

    Gives their text, without holes, and those; None for bytes, names of characters and all that
    is not sure. Source: Python's reference, "String and Bytes literals".
    """
    chars, holes = Chars(), list[Hole]()
    at = start
    while True:
        between = _BETWEEN.match(text, at, end)
        at = between.end() if between is not None else at
        if at >= end:
            return chars, holes
        opening = _OPENING.match(text, at, end)
        if opening is None:
            return None
        prefix, quote = opening[1].lower(), opening[2]
        if not set(prefix) <= set("rfu"):
            return None
        closing = _body(text, opening.end(), end, prefix, quote, chars, holes)
        if closing is None:
            return None
        at = closing


def _body(
    text: str, at: int, end: int, prefix: str, quote: str, chars: Chars, holes: list[Hole]
) -> int | None:
    """Read one literal behind its opening quote; give where it ends, or None."""
    raw, formatted = "r" in prefix, "f" in prefix
    while at < end:
        char = text[at]
        if text.startswith(quote, at):
            return at + len(quote)
        if char == "\\":
            length = _escaped(text, at, raw, chars)
            if not length:
                return None
            at += length
        elif formatted and char in "{}":
            if text.startswith(char * 2, at):
                chars.put(char, at)
                at += 2
                continue
            close = _hole(text, at, end, quote) if char == "{" else None
            if close is None:
                return None
            holes.append(Hole(len(chars.offsets), at, text[at + 1 : close]))
            at = close + 1
        else:
            chars.put(char, at)
            at += 1
    return None


def _escaped(text: str, at: int, raw: bool, chars: Chars) -> int:
    """Read what a backslash starts; give its length, 0 where it is not followed."""
    if raw:
        chars.put(text[at : at + 2], at)
        return 2
    match = _ESCAPE.match(text, at)
    if match is None:  # Python leaves the backslash in
        chars.put(text[at], at)
        return 1
    newline, named, octal, *codes = match.groups()
    code = next((each for each in codes if each), None)
    if newline:
        pass
    elif named:
        chars.fill(_NAMED[named], match.end() - 1)
    elif octal or code:
        number = int(octal, 8) if octal else int(code or "", 16)
        if number > 0x10FFFF:
            return 0
        chars.fill(chr(number), match.end() - 1)
    else:
        return 0
    return match.end() - at


def _hole(text: str, at: int, end: int, quote: str) -> int | None:
    """Give where the hole that a brace opens closes; None where strings or braces are in it."""
    close = text.find("}", at, end)
    inside = text[at + 1 : close] if close > 0 else "{"
    # other quotes may stand in it, before Python 3.12; braces in it are not worth following
    return None if "{" in inside or quote in inside or "\n" in inside or not inside else close
