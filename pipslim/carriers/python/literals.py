"""Literals of Python, character by character, and how text is written that is put into one."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from pipslim.carriers.python.said import Form, Refused

if TYPE_CHECKING:
    from pipslim.carriers.python.said import Building

# "String and Bytes literals" of the Python Language Reference; newlines of a source file are all
# `\n` in a value, whatever they are in the file.
_PIECE = re.compile(
    r"[^\\\r\n{}]+|\r\n|\r|\n|\{\{|\}\}|[{}]"
    r"|\\(?:\r\n|[0-7]{1,3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^{}]+\}|.)|\\",
    re.DOTALL,
)
_RAW = re.compile(r"[^\r\n{}]+|\r\n|\r|\n|\{\{|\}\}|[{}]")
_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
_OPENING = re.compile(r"(\w*)('''|\"\"\"|'|\")")
_BETWEEN = re.compile(r"(?P<gap>(?P<comma>,?)[ \t]*\r?\n[ \t]*)\w*(?:\"|')")
_BEHIND_OCTAL = re.compile(r"\\[0-7]{1,2}\Z")


def form_of(text: str, start: int, end: int) -> Form:
    """Give how the literal at `text[start:end]` is written. Raises Refused where it is none."""
    opening = _OPENING.match(text, start)
    if opening is None:
        raise Refused
    prefix, quote = opening[1].lower(), opening[2]
    if set(prefix) - set("rbuf"):
        raise Refused
    low, high = opening.end(), end - len(quote)
    return Form(low, high, quote, "r" in prefix, "b" in prefix, "f" in prefix)


def read(found: Building, text: str, form: Form) -> None:
    """Add what the host says at `text[form.start:form.end]`, which has no hole in it.

    Raises Refused where Python would not read it.
    """
    for match in (_RAW if form.raw else _PIECE).finditer(text, form.start, form.end):
        word, start, end = match[0], match.start(), match.end()
        if word in ("{{", "}}") and form.filled:
            found.escaped(word[0], start, end)
        elif word in ("\r\n", "\r", "\n"):
            found.escaped("\n", start, end)
        elif word[0] != "\\" or form.raw:
            if form.binary and not word.isascii():
                raise Refused
            found.same(word, start)
        elif word[1:] not in ("\n", "\r", "\r\n"):  # else the line goes on, and says nothing
            _escape(found, word, start, binary=form.binary)
    found.forms.append(form)


def _escape(found: Building, word: str, start: int, *, binary: bool) -> None:
    """Add what an escape says; one that Python does not know is its two characters."""
    kind, end = word[1:2], start + len(word)
    if word[1:] in _SIMPLE:
        found.escaped(_SIMPLE[word[1:]], start, end)
    elif kind in "01234567" and kind:
        found.escaped(_character(int(word[1:], 8), binary=binary), start, end)
    elif kind == "x" or (kind and kind in "uU" and not binary):
        if len(word) < 4:
            raise Refused
        found.escaped(_character(int(f"0x{word[2:]}", 16), binary=binary), start, end)
    elif kind == "N" and not binary:
        try:
            found.escaped(unicodedata.lookup(word[3:-1]), start, end)
        except KeyError:
            raise Refused from None
    elif binary and not word.isascii():
        raise Refused
    else:
        found.same(word, start)


def _character(number: int, *, binary: bool) -> str:
    """Give a character by its number; a byte that is not ASCII as a lone surrogate, as PEP 383."""
    if binary:
        number &= 0xFF
        return chr(number if number < 0x80 else 0xDC00 + number)
    if number > 0x10FFFF:
        raise Refused
    return chr(number)


def write(text: str, host: str, place: int, form: Form) -> str | None:
    """Write a text that is put in at a place of the host, in a literal; None where it cannot be."""
    if not text.isascii() and form.binary:
        return None
    mark = form.quote[0]
    ahead = host[form.start : place]
    if "\r" in text or ("\n" in text and not form.long):
        if form.raw:
            return None
    # a quote beside another one, or at an end, may close the literal
    risky = not form.long or mark * 2 in text or text[0] == mark or text[-1] == mark
    if form.raw:
        if (mark in text and risky) or text[-1] == "\\":
            return None
        written = text
    else:
        if (len(ahead) - len(ahead.rstrip("\\"))) % 2:
            return None
        if text[0] in "01234567" and _BEHIND_OCTAL.search(ahead):
            return None
        written = text.replace("\\", "\\\\").replace("\r", "\\r")
        if risky:
            written = written.replace(mark, f"\\{mark}")
        if not form.long or ("\\n" in ahead and "\n" not in host[form.start : form.end]):
            written = written.replace("\n", "\\n")
    if form.filled:
        written = written.replace("{", "{{").replace("}", "}}")
    return written.replace("\n", _newline(host, form)) if form.long else written


def write_lines(text: str, host: str, place: int, pair: tuple[Form, Form]) -> str | None:
    """Write whole lines between two literals of one line each, as literals of their own.

    `place` is where the first one ends, if they stand side by side, or where the second one begins,
    if they are items of a list that is joined. None where they do not stand in lines of their own.
    """
    first, second = pair
    if first.long or second.long or "\r" in text or not text.isascii():
        return None
    end = first.end + len(first.quote)
    between = _BETWEEN.fullmatch(host, end, second.start)
    if between is None or (place == second.start) != bool(between["comma"]):
        return None
    item = bool(between["comma"])
    near = second if item else first
    plain = near._replace(raw=False, filled=False)
    ahead = ("b" if near.binary else "") + near.quote
    lines = [
        write(line if item else f"{line}\n", host, near.start, plain)
        for line in text[:-1].split("\n")
    ]
    if item:
        return "".join([f"{line}{near.quote}{between['gap']}{ahead}" for line in lines])
    return "".join([f"{near.quote}{between['gap']}{ahead}{line}" for line in lines])


def _newline(host: str, form: Form) -> str:
    """Give the newline of a literal, or of the host where it has none."""
    for low, high in ((form.start, form.end), (0, len(host))):
        at = host.find("\n", low, high)
        if at >= 0:
            return "\r\n" if host[at - 1 : at] == "\r" else "\n"
    return "\r" if "\r" in host else "\n"
