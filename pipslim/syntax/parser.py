"""Text to Document, with instruction boundaries exactly where BuildKit's parser puts them.

Rules: the Dockerfile reference, and `frontend/dockerfile/parser` of moby/buildkit for what the
reference leaves open (which lines are comments, what continues a line, where a heredoc ends).
"""

from __future__ import annotations

import re

from pipslim.syntax.document import Document, Heredoc, Instruction, Stage, Unparsable
from pipslim.syntax.forms import KEYWORD, inner_of, json_strings
from pipslim.syntax.source import BOM, Span, View
from pipslim.syntax.startup import NamedTuple, lazy, record
from pipslim.syntax.validity import KEYWORDS

# Go's unicode.IsSpace: what may stand before a keyword or a comment sign.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"  # noqa: E501
_BLANK = f"[{_SPACE.replace(chr(10), '')}]"
_DIRECTIVE = lazy(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_DIRECTIVES = ("syntax", "escape", "check")

# Keywords as nearly all files write them, and as they are told apart.
_SPELLED = {word: each for each in KEYWORDS for word in (each, each.lower())}
_HEREDOC_KEYWORDS = ("RUN", "COPY", "ADD")
# A word as BuildKit's shell lexer splits them, quotes kept.
_LEXED = lazy(r"""(?:[^\s'"\\]|\\.|\\$|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_ALL_LEXED = lazy(r"""(?:\s|[^\s'"\\]|\\.|\\$|'[^']*'|"(?:[^"\\]|\\.)*")*""", re.DOTALL)
_ODD_BRACES = lazy(r"""\$\{(?!\w+(?::?[-+?][^\s'"\\${}<]*)?\})""")
_HEREDOC = lazy(r"(\d*)<<(-?)([^<]*)")
_QUOTED = lazy(r"""['"]|\\(.)""")


class _Read(NamedTuple):
    """What is read of an instruction's own lines: the same wherever in a file they stand.

    `length` is that of the lines without what may trail them, `comments` are those between them;
    offsets count from the instruction's first character.
    """

    keyword: str
    view: View
    args: int
    comments: tuple[Span, ...]
    length: int


class _Rules:
    """How text falls into lines and instructions, by the file's escape character."""

    __slots__ = ("ends", "item", "join", "known", "other", "seam", "trailed")

    def __init__(self, character: str) -> None:
        escape = re.escape(character)
        # the lookbehind comes second, for the search is fast where it has a letter to look for
        seam = rf"{escape}(?<!{escape}{escape})[ \t]*\r*\n"
        self.ends = f"{character} \t\r"
        self.join = f"{character}\n"
        self.seam = lazy(rf"(?<!{escape}){escape}[ \t]*\Z")
        # blank lines, then a comment, or an instruction with all lines that continue it
        self.item = re.compile(
            rf"[{_SPACE}]*(?:(\#[^\n]*)"
            rf"|((?=[^\n])(?:[^\n]*{seam}(?:{_BLANK}*(?:\#[^\n]*)?\n)*)*[^\n]*))?"
        )
        # a line of an instruction that is none of its text, or that ends in more than the seam
        self.other = lazy(rf"\n{_BLANK}*(?:\#|\n|\Z)")
        self.trailed = lazy(rf"{escape}[ \t\r]+\n")
        # the last few instructions: the same ones stand in many files, and again in each round
        self.known: dict[str, _Read] = {}


_rules: dict[str, _Rules] = {}
_MOST_KNOWN = 4096


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
    at = 1 if text.startswith(BOM) else 0
    directives = _directives(text, at)
    escape = directives.get("escape", "\\")
    rules = _rules.get(escape)
    if rules is None:
        rules = _rules[escape] = _Rules(escape)
    items, known = rules.item.finditer, rules.known
    instructions: list[Instruction] = []
    comments: list[Span] = []
    firsts: list[int] = []
    more = True
    while more:
        more = False
        for item in items(text, at):
            kind = item.lastindex
            if kind is None:
                break  # nothing but blanks is left
            start, at = item.span(kind)
            raw = item[kind]
            if kind == 1:
                comments.append(record(Span, (start, start + len(raw.rstrip("\r")))))
                continue
            read = known.get(raw)
            if read is None:
                if len(known) >= max(_MOST_KNOWN, 2 * len(instructions)):
                    known.clear()
                read = known[raw] = _instruction(raw, start, rules)
            keyword, view, args, inside, length = read
            stop = start + length
            for first, last in inside:
                comments.append(record(Span, (start + first, start + last)))
            heredocs: tuple[Heredoc, ...] = ()
            if "<<" in raw:
                heredocs = _bodies(text, start, at + 1, read)
            if heredocs:
                stop = start + heredocs[-1].end
            if keyword == "FROM":
                firsts.append(len(instructions))
            fields = (keyword, start, stop, view, args, heredocs)
            instructions.append(record(Instruction, fields))
            if heredocs:  # the next item is behind their bodies
                at = text.find("\n", stop)
                more = at >= 0
                break
    if not instructions:
        raise _Failure(0, "no instruction in this file; is it a Dockerfile?")
    bounds = [*firsts, len(instructions)]
    stages = [record(Stage, (i, bounds[i], bounds[i + 1])) for i in range(len(firsts))]
    whole = (text, escape, directives, tuple(instructions), tuple(comments), tuple(stages))
    return record(Document, whole)


def _instruction(raw: str, start: int, rules: _Rules) -> _Read:
    """Read the lines of an instruction; `start` is where a failure is told."""
    comments: tuple[Span, ...] = ()
    length = len(raw)
    if raw[-1] in rules.ends or (
        "\n" in raw and (rules.other.search(raw) or rules.trailed.search(raw))
    ):
        view, comments, length = _lines(raw, rules)
    elif "\n" not in raw:
        view = record(View, (raw, ((0, 0, length),)))
    else:
        parts = raw.split(rules.join)
        segments: list[tuple[int, int, int]] = []
        at = joined = 0
        for part in parts:
            size = len(part)
            if size:
                segments.append((joined, at, size))
                joined += size
            at += size + 2
        view = record(View, ("".join(parts), tuple(segments)))
    # The logical text keeps blanks at the end of its lines and at the start of later ones.
    logical = view.text
    word, _, rest = logical.partition(" ")
    keyword = _SPELLED.get(word, "") if "!" < rest[:1] < "\x7f" else ""
    args = len(keyword) + 1
    if not keyword:
        keyword, args = _keyword(logical, start)
    return record(_Read, (keyword, view, args, comments, length))


def _lines(raw: str, rules: _Rules) -> tuple[View, tuple[Span, ...], int]:
    """Join lines of which some are comments or blank, or have blanks behind their seam.

    Gives the view, the comments, and the length without what trails the last line.
    """
    lines = raw.split("\n")
    if not lines[-1]:
        lines.pop()  # the text ended while a line was still continued
    parts: list[str] = []
    segments: list[tuple[int, int, int]] = []
    comments: list[Span] = []
    at = joined = end = 0
    for line in lines:
        part = line.rstrip("\r")
        end = at + len(part)
        bare = part.strip(_SPACE)
        if at and bare.startswith("#"):
            comments.append(Span(at + line.index("#"), end))
        elif bare or not at:
            seam = rules.seam.search(part)
            if seam is not None:
                part = part[: seam.start()]
            if part:
                segments.append((joined, at, len(part)))
                parts.append(part)
                joined += len(part)
        at += len(line) + 1
    return View("".join(parts), tuple(segments)), tuple(comments), end


def _keyword(logical: str, start: int) -> tuple[str, int]:
    # BuildKit trims the ends of the line of more than ASCII blanks
    stripped = logical.rstrip(_SPACE)
    match = KEYWORD.match(stripped, len(stripped) - len(stripped.lstrip(_SPACE)))
    if match is None:
        raise _Failure(start, "a continued line that holds no instruction; remove it")
    return match[1].upper(), match.end()


def _directives(text: str, at: int) -> dict[str, str]:
    """Read the parser directives: comments ahead of all else, up to one that is none."""
    found: dict[str, str] = {}
    while True:
        end = text.find("\n", at)
        bare = text[at : end if end >= 0 else len(text)].strip(_SPACE)
        if not bare.startswith("#") or not _directive(bare, text.index("#", at), found):
            return found
        at = end + 1
        if not at:  # that was the last line
            return found


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


def _bodies(text: str, start: int, at: int, read: _Read) -> tuple[Heredoc, ...]:
    """Read the heredocs of the instruction at `start`, whose bodies begin at `at`."""
    found: list[Heredoc] = []
    for name, chomp, expand in _heredocs(read.keyword, read.view.text, read.args, start):
        body = at
        while True:
            if at >= len(text):
                raise _Failure(start, f"heredoc {name!r} is not terminated; add a line {name!r}")
            first = at
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
            bare = text[first:at].rstrip("\r")
            at += 1
            if (bare.lstrip("\t") if chomp else bare) == name:
                break
        span = Span(body - start, first - start)
        found.append(Heredoc(name, chomp, expand, span, first + len(bare) - start))
    return tuple(found)


def _heredocs(keyword: str, logical: str, args: int, start: int) -> list[tuple[str, bool, bool]]:
    """Give name, chomp and expand of each heredoc that an instruction's logical text opens."""
    if keyword == "ONBUILD":
        keyword, args = inner_of(logical, args)
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
