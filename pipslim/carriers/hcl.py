"""Strings of HCL as bake evaluates them, each character with its place, holes where it fills in."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from tree_sitter import Language, Parser
from tree_sitter_hcl import language

from pipslim.carriers.chars import SHOWN, Chars
from pipslim.carriers.part import Part, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    _Quote = Callable[[str, int], str | None]

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# `hclsyntax/scan_string_lit.rl` of hashicorp/hcl: what escapes in a heredoc, and in quotes as well
_ESCAPED = re.compile(r"[^$%]+|\$\$\{|%%\{|.", re.DOTALL)
_QUOTED = re.compile(
    r"[^$%\\]+|\$\$\{|%%\{|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\[nrt\"\\]|.", re.DOTALL
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_WRITTEN = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"})
# unicode.IsSpace of Go, which takes fewer characters for blanks than Python does
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_TAGS = frozenset([
    "template_if_intro", "template_else_intro", "template_if_end",
    "template_for_start", "template_for_end",
])  # fmt: skip
_TELL = "mend that, or exclude the file"


class _Site(NamedTuple):
    """A stretch of a template that is no text: `says` is false for `%{if …}` and its like.

    `left` and `right` tell of a `~`, which takes the blanks on that side away.
    """

    start: int
    end: int
    says: bool
    left: bool
    right: bool


class _Text(NamedTuple):
    """A stretch of literal text, up to the end of a line at most where it is not quoted."""

    text: str
    starts: list[int]
    ends: list[int]

    def cut(self, low: int, high: int) -> _Text:
        """Give `text[low:high]`."""
        return _Text(self.text[low:high], self.starts[low:high], self.ends[low:high])


def read(text: str) -> Node:
    """Give the syntax tree of a file of HCL; its bytes count the characters of the text.

    Raises Unreadable where it is no HCL.
    """
    root = parsed(text)
    if root.has_error:
        raise Unreadable(_error(root), f"no HCL, as far as it can be read here; {_TELL}")
    return root


def parsed(text: str) -> Node:
    """Give the syntax tree of a text, with errors in it or not."""
    # each other character is a letter, inside and outside of strings, so offsets are characters
    plain = _NOT_ASCII.sub("x", text.replace("\ufeff", " ", 1) if text[:1] == "\ufeff" else text)
    return Parser(Language(language())).parse(plain.encode()).root_node


def _error(root: Node) -> int:
    """Give where the first thing stands that could not be read."""
    node = root
    while not (node.is_error or node.is_missing):
        inner = next((each for each in node.children if each.has_error or each.is_missing), None)
        if inner is None:
            break
        node = inner
    return node.start_byte


def string(text: str, node: Node) -> Part | None:
    """Give what a string or a heredoc of HCL says; None where `node` is neither.

    Raises Unreadable where bake would refuse it.
    """
    if node.type == "heredoc_template":
        return _heredoc(text, node)
    if node.type not in ("string_lit", "quoted_template"):
        return None
    low, high = node.start_byte + 1, node.end_byte - 1
    broken = text.find("\n", low, high)
    if broken >= 0:
        raise Unreadable(broken, f"a quoted string that goes over several lines; {_TELL}")
    raw = Chars()
    raw.same(text[low:high], low)
    chars = _filled(_tokens(raw, _sites(node, low, raw.text), quoted=True))
    return _part(chars, _quoting(chars.text))


def _heredoc(text: str, node: Node) -> Part:
    """Give what a heredoc says. Source: `hclsyntax/parser_template.go` of hashicorp/hcl."""
    opening, marker, *_, closing = node.children
    low = text.index("\n", marker.end_byte) + 1
    if text[marker.end_byte : low].strip("\r\n"):
        raise Unreadable(marker.end_byte, f"a heredoc whose marker does not end its line; {_TELL}")
    high = text.rindex("\n", 0, closing.start_byte) + 1
    raw = Chars()
    raw.same(text[low:high], low)
    tokens = _tokens(raw, _sites(node, low, raw.text), quoted=False)
    name = text[marker.start_byte : marker.end_byte]
    if opening.end_byte - opening.start_byte == len("<<"):
        chars = _filled(tokens)
        return _part(chars, _lines(chars.text, name))
    indents, held = _flushed(tokens)
    chars = _filled(tokens)
    lines: list[tuple[int, str]] = []
    for start, indent in indents:
        lines.append((bisect_right(chars.starts, start - 1), indent))
    part = _part(chars, _lines(chars.text, name, tuple(lines)))
    return part if held else part._replace(fits=_begins_at_the_edge)


def _begins_at_the_edge(text: str) -> bool:
    """Tell whether a line of a text has no blanks ahead; else a `<<-` heredoc cannot say it."""
    lines = text.split("\n")
    return any(line[0] not in _BLANKS for line in lines if line.strip(_BLANKS))


def in_json(raw: Chars, at: int) -> Part:
    """Give what a string of JSON says, for in those bake evaluates templates too.

    `raw` is the string without JSON's escapes; `at` is where it stands. Raises Unreadable where the
    template in it cannot be read. Source: `json/structure.go` of hashicorp/hcl.
    """
    sites: list[_Site] = []
    text = raw.text
    if "${" in text or "%{" in text:
        marker = "END"
        while marker in text:
            marker += "_"
        head = f"v = <<{marker}\n"
        root = parsed(f"{head}{text}\n{marker}\n")
        if root.has_error:
            raise Unreadable(at, f"no template of HCL; {_TELL}")
        sites = _sites(root, len(head), text)
    chars = _filled(_tokens(raw, sites, quoted=False))
    return _part(chars, _quoting(chars.text))


def _part(chars: Chars, quote: _Quote) -> Part:
    seams = frozenset(chars.seams)
    # with holes in it, nobody can tell whether it is a Dockerfile that can be read
    text, starts, ends, whole = chars.text, chars.starts, chars.ends, chars.whole
    return Part(text, starts, ends, quote, seams, whole, surely=whole, shown=SHOWN)


# -- templates -------------------------------------------------------------------------------------


def _sites(node: Node, base: int, text: str) -> list[_Site]:
    """Give what is no text in a template that begins at `base`, in order, seen from there."""
    found: list[_Site] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        says = each.type == "template_interpolation"
        start, end = each.start_byte - base, each.end_byte - base
        # `$$${` is `$` and an escaped `${` for bake, though not for this parser
        if (says or each.type in _TAGS) and (not start or text[start - 1] != text[start]):
            left, right = text[start + 2] == "~", text[end - 2] == "~"
            found.append(_Site(start, end, says, left, right))
        else:
            waiting += each.children
    return sorted(found)


def _tokens(raw: Chars, sites: list[_Site], *, quoted: bool) -> list[_Site | _Text]:
    """Give a template as its reader sees it: text without its escapes and trimmed, and sites.

    The places of the sites are then those of the host.
    """
    text = raw.text
    tokens: list[_Site | _Text] = []
    at, trim = 0, False
    for site in (*sites, None):
        end = len(text) if site is None else site.start
        found = list(_literals(raw, at, end, quoted=quoted))
        if found and trim:
            first = found[0]
            found[0] = first.cut(len(first.text) - len(first.text.lstrip(_BLANKS)), len(first.text))
        if found and site is not None and site.left:
            found[-1] = found[-1].cut(0, len(found[-1].text.rstrip(_BLANKS)))
        tokens += found
        if site is not None:
            start, end = raw.starts[site.start], raw.ends[site.end - 1]
            tokens.append(site._replace(start=start, end=end))
            at, trim = site.end, site.right
    return tokens


def _literals(raw: Chars, low: int, high: int, *, quoted: bool) -> Iterator[_Text]:
    """Give the literal text in `raw[low:high]` without its escapes, line by line if not quoted."""
    if low == high:
        return
    text = raw.text
    found = Chars()
    for match in (_QUOTED if quoted else _ESCAPED).finditer(text, low, high):
        word, start, end = match[0], match.start(), match.end()
        if word in ("$${", "%%{"):
            found.escaped(word[0], raw.starts[start], raw.ends[start + 1])
            found.escaped("{", raw.starts[start + 2], raw.ends[end - 1])
        elif quoted and word[0] == "\\":
            if len(word) == 1:
                raise Unreadable(raw.starts[start], f"an escape that HCL does not know; {_TELL}")
            char = _SIMPLE.get(word[1]) or _character(word[2:], raw.starts[start])
            found.escaped(char, raw.starts[start], raw.ends[end - 1])
        else:
            found.taken(word, raw.starts[start:end], raw.ends[start:end])
    everything = _Text(found.text, found.starts, found.ends)
    if quoted:
        yield everything
        return
    done = 0
    while done < len(everything.text):
        behind = everything.text.find("\n", done) + 1 or len(everything.text)
        yield everything.cut(done, behind)
        done = behind


def _character(digits: str, at: int) -> str:
    number = int(digits, 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise Unreadable(at, f"an escape of no character; {_TELL}")
    return chr(number)


def _flushed(tokens: list[_Site | _Text]) -> tuple[list[tuple[int, str]], bool]:
    """Take from the lines of a `<<-` heredoc the blanks that all of them begin with.

    Gives for each line where what is left of it begins in the host, and what was taken; and whether
    one of them begins with what no edit takes away, so that none ever begins with more.
    """
    counted: list[int] = []
    least = -1
    new = True
    held = False
    for number, token in enumerate(tokens):
        text = token.text if isinstance(token, _Text) else ""
        blanks = len(text) - len(text.lstrip(_BLANKS))
        if new and not (text.endswith("\n") and blanks == len(text)):
            least = blanks if least < 0 else min(least, blanks)
            held = held or not text
            if text:
                counted.append(number)
        new = text.endswith("\n")
    indents: list[tuple[int, str]] = []
    for number in counted:
        token = tokens[number]
        if isinstance(token, _Text):
            indents.append(
                (token.ends[least - 1] if least else token.starts[0], token.text[:least])
            )
            tokens[number] = token.cut(least, len(token.text))
    return indents, held


def _filled(tokens: list[_Site | _Text]) -> Chars:
    """Put a template together, with a hole for what bake fills in.

    Where a line begins with one, nobody knows what instruction that is: it is a comment then, which
    says nothing. Inside an instruction it is a word.
    """
    found = Chars()
    for token in tokens:
        if isinstance(token, _Text):
            found.taken(*token)
        elif not token.says:
            found.hole(token.start, token.end, "")
        elif _begins_one(found.text):
            found.hole(token.start, token.end, "#")
        else:
            found.hole(token.start, token.end)
    return found


def _begins_one(ahead: str) -> bool:
    """Tell whether an instruction would begin behind this text."""
    *lines, last = ahead.split("\n")
    if last.strip():
        return False
    for line in reversed(lines):
        kept = line.strip()
        if kept and not kept.startswith("#"):
            return not kept.endswith(("\\", "`"))
    return True


# -- writing ---------------------------------------------------------------------------------------


def _escaped(text: str, ahead: str) -> str | None:
    """Write a text that is put in behind `ahead` so that no template begins in it."""
    if text.endswith(("$", "%")) or (ahead in ("$", "%") and text[0] in "{$%"):
        return None
    return text.replace("${", "$${").replace("%{", "%%{")


def _quoting(content: str) -> _Quote:
    """Give what writes text for a string in quotes, of HCL or JSON: both escape in the same way."""

    def quote(text: str, offset: int) -> str | None:
        written = _escaped(text, content[offset - 1 : offset])
        return None if written is None else written.translate(_WRITTEN)

    return quote


def _lines(content: str, marker: str, indents: tuple[tuple[int, str], ...] = ()) -> _Quote:
    """Give what writes text for a heredoc: each line that begins in it is indented.

    `indents` give for each line of `content` where it begins, and the blanks ahead of it.
    """

    def quote(text: str, offset: int) -> str | None:
        written = _escaped(text, content[offset - 1 : offset])
        if written is None or any(line.strip() == marker for line in text.split("\n")):
            return None
        if not indents:
            return written
        number = bisect_right(indents, offset, key=lambda line: line[0])
        indent = indents[max(number - 1, 0)][1]
        at_start = offset > 0 and content[offset - 1] == "\n"
        *lines, last = written.split("\n")
        blank = [not line.strip() for line in lines] + [not last]
        begins = [at_start] + [True] * len(lines)
        return "\n".join(
            [
                (indent if begun and not empty else "") + line
                for line, begun, empty in zip((*lines, last), begins, blank, strict=True)
            ]
        )

    return quote
