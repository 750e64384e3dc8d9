"""The forms of an instruction's arguments: exec form, builder flags, what an ONBUILD holds."""

from __future__ import annotations

from pipslim.syntax.document import Flag
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from pipslim.syntax.document import Instruction

KEYWORD = lazy(r"([^\t\v\f\r ]+)[\t\v\f\r ]*")


class JsonString(NamedTuple):
    """A string of an exec form: its value, and the span of its literal, quotes included."""

    value: str
    start: int
    end: int


_JSON_STRING = lazy(
    r'[ \t\n\r]*("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")[ \t\n\r]*'
)


def json_strings(text: str, offset: int = 0) -> tuple[JsonString, ...] | None:
    """Read an exec form: a JSON array of strings that takes all of `text` from `offset` on.

    Spans are offsets into `text`. Gives None where it is no such array; BuildKit then takes the
    text as the shell form.
    """
    start = offset
    while text[start : start + 1].isspace():
        start += 1
    if not text.startswith("[", start):
        return None
    end = len(text.rstrip())
    found: list[JsonString] = []
    at = start + 1
    while True:
        match = _JSON_STRING.match(text, at)
        if match is None:
            empty = not found and text[at:end].strip() == "]"
            return () if empty else None
        literal = match[1]
        found.append(JsonString(_json_value(literal), match.start(1), match.end(1)))
        at = match.end() + 1
        mark = text[match.end() : at]
        if mark == "]":
            return tuple(found) if at == end else None
        if mark != ",":
            return None


def _json_value(literal: str) -> str:
    if "\\" not in literal:
        return literal[1:-1]
    import json

    return str(json.loads(literal))


def inner(instruction: Instruction) -> tuple[str, int]:
    """Give keyword and offset of the arguments; for an ONBUILD, those of the inner instruction."""
    if instruction.keyword != "ONBUILD":
        return instruction.keyword, instruction.args
    return inner_of(instruction.view.text, instruction.args)


def inner_of(logical: str, args: int) -> tuple[str, int]:
    """Give keyword and offset of the arguments of what stands at `args` of a logical text."""
    match = KEYWORD.match(logical, args)
    return (match[1].upper(), match.end()) if match is not None else ("", args)


def flags(instruction: Instruction, escape: str) -> tuple[tuple[Flag, ...], int]:
    """Give an instruction's builder flags and the offset in its logical text where they end.

    For an ONBUILD, those of the inner instruction. A flag with quotes inside or escape characters
    has its raw text as value. BuildKit: `extractBuilderFlags`.
    """
    text = instruction.view.text
    args = inner(instruction)[1]
    if not text.startswith("--", args):
        return (), args
    found: list[Flag] = []
    at = args
    while text[at : at + 2] == "--":
        start, quote = at, ""
        while at < len(text):
            char = text[at]
            if char == escape:
                at += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char.isspace():
                break
            at += 1
        at = min(at, len(text))
        raw = text[start:at]
        while at < len(text) and text[at].isspace():
            at += 1
        if raw == "--":
            break
        name, _, value = raw[2:].partition("=")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found.append(Flag(name, value, start, start + len(raw)))
    return tuple(found), at
