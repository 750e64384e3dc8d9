"""Text to Document, with instruction boundaries exactly where BuildKit's parser puts them.

Rules: the Dockerfile reference, and `frontend/dockerfile/parser` of moby/buildkit for what the
reference leaves open (which lines are comments, what continues a line, where a heredoc ends).
"""

from __future__ import annotations

import re

from pipslim.syntax.document import Document, Flag, Heredoc, Instruction, Stage, Unparsable
from pipslim.syntax.source import BOM, Span, View
from pipslim.syntax.startup import NamedTuple, lazy, record

# Go's unicode.IsSpace: what may stand before a keyword or a comment sign.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"  # noqa: E501
_ONLY_PYTHONS = lazy("[\x1c-\x1f]")
_KEYWORD = lazy(r"([^\t\v\f\r ]+)[\t\v\f\r ]*")
_CONTINUED = {
    "\\": lazy(r"(?:^|(?<=[^\\]))\\[ \t]*$"),
    "`": lazy(r"(?:^|(?<=[^`]))`[ \t]*$"),
}
_DIRECTIVE = lazy(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_DIRECTIVES = ("syntax", "escape", "check")

_HEREDOC_KEYWORDS = ("RUN", "COPY", "ADD")
# A word as BuildKit's shell lexer splits them, quotes kept.
_LEXED = lazy(r"""(?:[^\s'"\\]|\\.|\\$|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_ALL_LEXED = lazy(r"""(?:\s|[^\s'"\\]|\\.|\\$|'[^']*'|"(?:[^"\\]|\\.)*")*""", re.DOTALL)
_ODD_BRACES = lazy(r"""\$\{(?!\w+(?::?[-+?][^\s'"\\${}<]*)?\})""")
_HEREDOC = lazy(r"(\d*)<<(-?)([^<]*)")
_QUOTED = lazy(r"""['"]|\\(.)""")


class _Failure(Exception):
    def __init__(self, offset: int, reason: str) -> None:
        self.unparsable = Unparsable(offset, reason)


def parse(text: str) -> Document | Unparsable:
    """Parse the text of a Dockerfile.

    Gives a Document whose pieces join to `text`, or an Unparsable that says where and why. Never
    raises on any text. Instructions are those of BuildKit's parser, which takes unknown ones too:
    whether the builder would accept them is `validity.check`'s question.
    """
    try:
        return _parse(text)
    except _Failure as failure:
        return failure.unparsable


def _parse(text: str) -> Document:
    # blanks as str.strip() sees them, but for four characters that only Python counts
    spaces = _SPACE if _ONLY_PYTHONS.search(text) else None
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()  # the text ends with a newline, and no line follows it
    directives, in_directives = dict[str, str](), True
    escape = "\\"
    continued = _CONTINUED[escape]
    keyword_of = _KEYWORD.match
    instructions: list[Instruction] = []
    comments: list[Span] = []
    stages: list[tuple[int, int]] = []

    returns = "\r" in text
    count = len(lines)
    number = 0  # of lines consumed
    offset = 0  # of the line at hand
    while number < count:
        line = lines[number]
        following = offset + len(line) + 1
        number += 1
        bare = line.strip(spaces)
        if number == 1 and line.startswith(BOM):
            bare = line[1:].strip(spaces)
        if not bare:
            in_directives = False
            offset = following
            continue
        lead = bare[0]
        start = offset if line[0] == lead else offset + line.index(bare)
        if lead == "#":
            if in_directives:
                in_directives = _directive(bare, start, directives)
                escape = directives.get("escape", "\\")
                continued = _CONTINUED[escape]
            comments.append(Span(start, offset + len(line.rstrip("\r") if returns else line)))
            offset = following
            continue
        in_directives = False
        first = number

        # The logical text keeps blanks at the end of its lines and at the start of later ones.
        logical = line[start - offset :] if start > offset else line
        if returns:
            logical = logical.rstrip("\r")
        end = start + len(logical)
        more = bare[-1] == escape and continued.search(logical)
        if not more:
            view = record(View, (logical, ((0, start, len(logical)),)))
        else:
            parts = [logical[: more.start()]]
            length = len(parts[0])
            segments = [(0, start, length)] if length else []
            while more and number < count:
                offset = following
                line = lines[number]
                following = offset + len(line) + 1
                number += 1
                bare = line.strip(spaces)
                if not bare:
                    continue
                if bare[0] == "#":
                    inside = offset + line.index("#")
                    comments.append(Span(inside, offset + len(line.rstrip("\r"))))
                    continue
                part = line.rstrip("\r") if returns else line
                end = offset + len(part)
                more = continued.search(part) if bare[-1] == escape else None
                if more:
                    part = part[: more.start()]
                if part:
                    segments.append((length, offset, len(part)))
                    parts.append(part)
                    length += len(part)
            if more:  # the text ended while a line was still continued
                end = offset + len(line.rstrip("\r"))
            view = View("".join(parts), tuple(segments))
            logical = view.text

        match = keyword_of(logical)
        if match is not None and (args := match.end()) < len(logical) and logical.isascii():
            keyword = match[1]
            if not keyword.isupper():
                keyword = keyword.upper()
        else:
            keyword, args = _keyword(logical, start)
        heredocs: tuple[Heredoc, ...] = ()
        if "<<" in logical:
            names = _heredocs(keyword, logical, args, start)
            if names:
                found = []
                for name, chomp, expand in names:
                    body = following
                    while True:
                        if number >= count:
                            reason = f"heredoc {name!r} is not terminated; add a line {name!r}"
                            raise _Failure(start, reason)
                        offset = following
                        line = lines[number]
                        following = offset + len(line) + 1
                        number += 1
                        bare = line.rstrip("\r")
                        if (bare.lstrip("\t") if chomp else bare) == name:
                            break
                    end = offset + len(bare)
                    found.append(Heredoc(name, chomp, expand, Span(body, offset), end))
                heredocs = tuple(found)
        if keyword == "FROM":
            stages.append((len(instructions), 0))
        fields = (keyword, start, end, first, number, view, args, heredocs)
        instructions.append(record(Instruction, fields))
        offset = following

    if not instructions:
        raise _Failure(0, "no instruction in this file; is it a Dockerfile?")
    bounds = [first for first, _ in stages] + [len(instructions)]
    return Document(
        text,
        escape,
        directives,
        tuple(instructions),
        tuple(comments),
        tuple(Stage(i, bounds[i], bounds[i + 1]) for i in range(len(stages))),
    )


def _keyword(logical: str, start: int) -> tuple[str, int]:
    # BuildKit trims the ends of the line of more than ASCII blanks
    stripped = logical.rstrip(_SPACE)
    match = _KEYWORD.match(stripped, len(stripped) - len(stripped.lstrip(_SPACE)))
    if match is None:
        raise _Failure(start, "a continued line that holds no instruction; remove it")
    return match[1].upper(), match.end()


def _directive(comment: str, start: int, directives: dict[str, str]) -> bool:
    """Take in a parser directive; give whether further ones may follow."""
    match = _DIRECTIVE.match(comment)
    if match is None:
        return False
    name, value = match[1].lower(), match[2]
    if name not in _DIRECTIVES:
        return False
    if name in directives:
        raise _Failure(start, f"directive {name!r} is given twice; keep one")
    if name == "escape" and value not in ("\\", "`"):
        raise _Failure(start, f"escape character {value!r} is neither \\ nor `; use one of them")
    directives[name] = value
    return True


def _heredocs(keyword: str, logical: str, args: int, start: int) -> list[tuple[str, bool, bool]]:
    """Give name, chomp and expand of each heredoc that an instruction's logical text opens."""
    if keyword == "ONBUILD":
        keyword, args = _inner(logical, args)
    if keyword not in _HEREDOC_KEYWORDS or json_strings(logical[args:]) is not None:
        return []
    if _ALL_LEXED.fullmatch(logical) is None:
        return []  # BuildKit's lexer fails at an open quote, and then sees no heredoc
    found = []
    words = _LEXED.findall(logical)
    for i, word in enumerate(words):
        match = _HEREDOC.fullmatch(word)
        if match is None:
            continue
        rest = match[3]
        if rest:
            name = _QUOTED.sub(r"\1", rest)
            found.append((name, bool(match[2]), "'" not in rest and '"' not in rest))
            if _ODD_BRACES.search(logical):
                reason = (
                    "whether << is a heredoc beside such a ${…} differs, depending on the "
                    "builder's version; move one of them to another RUN"
                )
                raise _Failure(start, reason)
        elif i + 1 < len(words):
            reason = (
                "a blank behind << makes a heredoc or not depending on the builder's version; "
                "write it without the blank"
            )
            raise _Failure(start, reason)
    return found


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
    if text[start : start + 1] != "[":
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
    return _inner(instruction.view.text, instruction.args)


def _inner(logical: str, args: int) -> tuple[str, int]:
    match = _KEYWORD.match(logical, args)
    return (match[1].upper(), match.end()) if match is not None else ("", args)


def flags(instruction: Instruction, escape: str) -> tuple[tuple[Flag, ...], int]:
    """Give an instruction's builder flags and the offset in its logical text where they end.

    For an ONBUILD, those of the inner instruction. A flag with quotes inside or escape characters
    has its raw text as value. BuildKit: `extractBuilderFlags`.
    """
    text = instruction.view.text
    args = inner(instruction)[1]
    if text[args : args + 2] != "--":
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
