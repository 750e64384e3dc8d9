"""Python source as libcst reads it: nodes with their places, and what each stands in."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

import libcst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from pipslim.carriers.part import Unreadable
from pipslim.syntax.source import BOM

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_TOKEN = re.compile(
    r"#[^\r\n]*|(?i:[rbuft]{0,2})(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""
    r"|'(?:[^\\'\r\n]|\\.)*'|\"(?:[^\\\"\r\n]|\\.)*\")|\\\r?\n|[\r\n]+|[()\[\]{},]|\w+|[^\w\s]",
    re.DOTALL,
)
# The parser ends the process where brackets nest some 1,000 deep, or some 5,000 operators follow
# one another, and Python's own limit of calls is met long before.
_DEEPEST = 150
_LONGEST = 1500
_MANY_BRANCHES = 200
_TELL = "mend that, or exclude the file"
# PEP 263, in the first two lines; of the encodings of the library those in which each byte below
# 0x80 is a character of ASCII
_ENCODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_LIKE_ASCII = re.compile(
    r"utf-?8|u8$|(?:us-)?ascii|latin|iso-?8859|l1$|cp125|windows-125|koi8|euc|mac"
)
_OTHER_ENCODING = (
    "in this encoding a letter may look like a quote; make it UTF-8, or exclude the file"
)
_PLACE = re.compile(r"error at (\d+):(\d+)")
DEEP = "this is nested too deeply to be read; take it apart, or exclude the file"


class Tree:
    """A module: its text, its nodes in order, where each stands and in what."""

    def __init__(self, text: str) -> None:
        self.text = text
        shift = len(text) - len(text.removeprefix(BOM))
        # each other character is a letter, in and outside of strings, so its bytes are characters
        plain = _NOT_ASCII.sub("x", text[shift:])
        _refuse_encoding(plain, shift)
        _refuse_deep(plain, shift)
        try:
            module = libcst.parse_module(plain)
            wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
            self._spans = wrapper.resolve(ByteSpanPositionProvider)
        except libcst.ParserSyntaxError as error:
            why = f"no Python 3, as far as it can be read here; {_TELL}"
            raise Unreadable(_wrong(text, error), why) from None
        except RecursionError:
            raise Unreadable(0, DEEP) from None
        self._shift = shift
        self.parents: dict[libcst.CSTNode, libcst.CSTNode] = {}
        self.nodes = tuple(self._walk(module))

    def _walk(self, root: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
        """Give all nodes but those of blanks, comments and parentheses, and note their parents."""
        waiting: list[libcst.CSTNode] = [root]
        while waiting:
            node = waiting.pop()
            yield node
            children: list[libcst.CSTNode] = []
            for name in _fields(type(node)):
                value = getattr(node, name)
                if isinstance(value, libcst.CSTNode):
                    children.append(value)
                elif isinstance(value, (tuple, list)):
                    children += value
            for child in reversed(children):
                self.parents[child] = node
            waiting += reversed(children)

    def span(self, node: libcst.CSTNode) -> tuple[int, int]:
        """Give where a node stands in the text, 0-based and half-open, without its parentheses."""
        span = self._spans[node]
        start = span.start + self._shift
        return start, start + span.length

    def source(self, node: libcst.CSTNode) -> str:
        """Give the text of a node."""
        return self.text[slice(*self.span(node))]


@cache
def _fields(kind: type[libcst.CSTNode]) -> tuple[str, ...]:
    """Give the fields of a kind of node in which there may be others that matter."""
    names = (field.name for field in fields(kind))
    return tuple([name for name in names if not _NO_CODE.match(name)])


_NO_CODE = re.compile(
    r"whitespace|lpar|rpar|lbracket|rbracket|lbrace|rbrace|header|footer|leading_|trailing_|lines_"
    r"|comma$|semicolon$|colon$|equal$|indent$|newline$|encoding$|default_|has_trailing"
)


def last_name(node: libcst.CSTNode) -> str:
    """Give the last name of `a.b.name`; nothing where it is something else."""
    if isinstance(node, libcst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, libcst.Name) else ""


def _refuse_encoding(text: str, shift: int) -> None:
    """Raise Unreadable where the bytes of a letter may be those of a quote or a backslash, too."""
    for match in _ENCODING.finditer(text):
        line = text.count("\n", 0, match.start(1))
        if line < 2 and not _LIKE_ASCII.match(match[1].lower().replace("_", "-")):
            raise Unreadable(match.start(1) + shift, _OTHER_ENCODING)


def _refuse_deep(text: str, shift: int) -> None:
    """Raise Unreadable where reading a text could end the process."""
    counts = [0]
    branches = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        kind = token[0]
        if kind in "([{":
            counts[-1] += 1
            counts.append(0)
        elif kind in ")]}":
            if len(counts) > 1:
                counts.pop()
        elif kind == "," or (kind in "\r\n" and len(counts) == 1):
            counts[-1] = 0
        elif kind != "#":
            counts[-1] += 1
            branches = branches + 1 if token == "elif" else branches
            if len(token) > 1 and token[-1] in "'\"" and _nests(token):
                branches = _MANY_BRANCHES + 1
        if len(counts) > _DEEPEST or counts[-1] > _LONGEST or branches > _MANY_BRANCHES:
            raise Unreadable(match.start() + shift, DEEP)


def _nests(token: str) -> bool:
    """Tell whether brackets in what fills an f-string may nest too deeply."""
    if token[0] not in "fFrRtT" or token.count("{") + token.count("(") <= _DEEPEST:
        return False
    depth = deepest = 0
    for char in token:
        depth += (char in "([{") - (char in ")]}" and depth > 0)
        deepest = max(deepest, depth)
    return deepest > _DEEPEST


def _wrong(text: str, error: libcst.ParserSyntaxError) -> int:
    """Give where a text is no Python; Python itself tells that better than libcst does."""
    line, column = error.raw_line, 0
    told = _PLACE.search(error.message)
    if told is not None:
        line, column = int(told[1]), int(told[2])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(_NOT_ASCII.sub("x", text.removeprefix(BOM)), "", "exec", ast.PyCF_ONLY_AST)
    except SyntaxError as wrong:
        line, column = wrong.lineno or 1, (wrong.offset or 1) - 1
    except (ValueError, RecursionError, MemoryError):
        pass
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
    start = starts[min(max(line - 1, 0), len(starts) - 1)]
    return min(start + max(column, 0), len(text))
