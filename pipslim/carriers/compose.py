"""Dockerfiles inside compose files: `dockerfile_inline` of a service's build."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from pipslim.carriers.chars import SHOWN, Chars
from pipslim.carriers.part import Part, Unreadable, indenting
from pipslim.syntax.source import BOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ruamel.yaml.nodes import Node

_KEY = "dockerfile_inline"
# an anchor and a tag may stand ahead of the text, and a comment behind how it is written
_HEADER = re.compile(r"(?:[&!]\S*[ \t]+)*\|[0-9+-]*[ \t]*(?:#[^\r\n]*)?\r?\n")
# What compose puts in before a builder sees the text; `$$` is a `$`. Source: the Compose
# specification, "Interpolation".
_INTERPOLATED = re.compile(r"\$(?:(\$)|[A-Za-z_]\w*|(\{))?")


def parts(text: str) -> tuple[Part, ...]:
    """Give the Dockerfiles in a compose file's text, in the order of their places.

    One that is folded (`>`) or quoted is read, but no edit can be made there. Of aliases and merged
    mappings each is given once. Raises Unreadable where the text is no YAML.
    """
    found = {node.start_mark.index: node for node in _scalars(text)}
    return tuple([_part(text, found[start]) for start in sorted(found)])


def _scalars(text: str) -> Iterator[ScalarNode]:
    """Give the values of all keys that hold a Dockerfile."""
    plain = text.removeprefix(BOM)
    try:
        documents = list(YAML(typ="safe", pure=True).compose_all(plain))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = mark.index if mark is not None else 0
        told = f"no YAML: {error.problem or error.context}; mend that, or exclude the file"
        raise Unreadable(min(offset + len(text) - len(plain), len(text)), told) from None
    except (YAMLError, RecursionError, ValueError) as error:
        first = str(error).split("\n", 1)[0]
        raise Unreadable(0, f"no YAML: {first}; mend that, or exclude the file") from None
    waiting: list[Node] = [each for each in documents if each is not None]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            waiting += node.value
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                waiting.append(value)
                if isinstance(value, ScalarNode) and key.value == _KEY:
                    yield value


def _part(text: str, node: ScalarNode) -> Part:
    """Give the part of one value."""
    shift = len(BOM) if text.startswith(BOM) else 0
    start, end = node.start_mark.index + shift, node.end_mark.index + shift
    read = _literal(text, start, end, node.value) if node.style == "|" else None
    if read is None:
        at = Chars()
        for char in node.value:
            at.escaped(char, start, end)
        chars = _interpolated(at)
        seams = frozenset(range(len(chars.starts) + 1))
        quote: Callable[[str, int], str | None] = _nothing
        return Part(chars.text, chars.starts, chars.ends, quote, seams, chars.whole, shown=SHOWN)
    lines, indent = read
    chars = _interpolated(lines)
    content = chars.text
    quote = _quoting(content, indent, "\r\n" if "\r\n" in text[start:end] else "\n")
    seams = frozenset(chars.seams)
    return Part(content, chars.starts, chars.ends, quote, seams, chars.whole, shown=SHOWN)


def _nothing(text: str, offset: int) -> str | None:
    return None


def _literal(text: str, start: int, end: int, value: str) -> tuple[Chars, str] | None:
    """Read the lines of a literal block scalar, and give the blanks ahead of each; None if odd."""
    header = _HEADER.match(text, start)
    if header is None:
        return None
    first = next((line for line in value.split("\n") if line.strip()), "")
    lines = text[header.end() : end].splitlines(keepends=True)
    shown = next((line.rstrip("\r\n") for line in lines if line.strip()), "")
    if not first or not shown.endswith(first):
        return None
    indent = shown[: len(shown) - len(first)]
    chars = Chars()
    at = header.end()
    for line in lines:
        body = line.rstrip("\r\n")
        chars.same(body[len(indent) :], at + min(len(indent), len(body)))
        if len(line) > len(body):
            chars.escaped("\n", at + len(body), at + len(line))
        at += len(line)
    read = chars.text
    if not read.startswith(value) or read[len(value) :].strip("\n"):
        return None
    if value and len(read) > len(value):  # lines at the end that do not count
        chars.parts = [value]
        del chars.starts[len(value) :], chars.ends[len(value) :]
    return chars, indent


def _interpolated(read: Chars) -> Chars:
    """Give a text as a builder gets it: without what compose escapes, with holes for variables."""
    text = read.text
    found = Chars()
    done = 0
    for match in _INTERPOLATED.finditer(text):
        if match.start() < done:
            continue
        end = match.end()
        if match[2]:
            end = _closed(text, end)
        ahead = slice(done, match.start())
        found.taken(text[ahead], read.starts[ahead], read.ends[ahead])
        if match[1]:
            found.escaped("$", read.starts[match.start()], read.ends[end - 1])
        else:
            found.hole(read.starts[match.start()], read.ends[end - 1])
        done = end
    found.taken(text[done:], read.starts[done:], read.ends[done:])
    return found


def _closed(text: str, start: int) -> int:
    """Give where a brace closes that was opened ahead of `start`; the end if it never does."""
    depth = 1
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at + 1
    return len(text)


def _quoting(content: str, indent: str, newline: str) -> Callable[[str, int], str]:
    """Give what writes text that is put in at an offset of `content`, line by line."""
    indented = indenting(content, indent)

    def quote(text: str, offset: int) -> str:
        return indented(text.replace("$", "$$"), offset).replace("\n", newline)

    return quote
