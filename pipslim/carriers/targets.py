"""The targets of a bake file, HCL or JSON: the strings that their attributes are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipslim.carriers.chars import Chars
from pipslim.carriers.part import Unreadable
from pipslim.syntax.source import BOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from pipslim.carriers.part import Part

_JSON_ESCAPE = re.compile(r"[^\\]+|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.")
_TELL = "mend that, or exclude the file"


class Given(NamedTuple):
    """What a target gives an attribute: the strings in it, as parts of the file.

    There are several where a condition chooses among them, or where they are a list. With `plain`
    false there is more in it than they say: a variable, a call of a function.
    """

    target: str
    name: str
    strings: tuple[Part, ...]
    plain: bool


def given(text: str, names: frozenset[str]) -> tuple[Given, ...]:
    """Give what the targets of a bake file are given for the attributes `names`, in order.

    A file that begins with a brace is JSON, else it is HCL, for no file of HCL begins so. Raises
    Unreadable where the file is neither. Source: `bake/bake.go` of docker/buildx, `spec.md` of
    hashicorp/hcl, for JSON `json/spec.md`.
    """
    if text.removeprefix(BOM).lstrip()[:1] == "{":
        found = tuple(_of_json(text, names))
    else:
        found = tuple(_of_hcl(text, names))
    return tuple(sorted(found, key=_place))


def _place(each: Given) -> int:
    return each.strings[0].place(0) if each.strings else 0


# -- HCL -------------------------------------------------------------------------------------------


def _of_hcl(text: str, names: frozenset[str]) -> Iterator[Given]:
    from pipslim.carriers.hcl import read

    for block in _inside(read(text), "block"):
        kind, *labels = [each for each in block.children if each.type in ("identifier", "string_lit")]
        if _says(text, kind) != "target" or len(labels) != 1:
            continue
        for attribute in _inside(block, "attribute"):
            name = _says(text, attribute.children[0])
            if name in names:
                label = _says(text, labels[0]).strip('"')
                yield _attribute(text, label, name, attribute.children[-1])


def _says(text: str, node: Node) -> str:
    return text[node.start_byte : node.end_byte]


def _inside(node: Node, kind: str) -> list[Node]:
    """Give the blocks or attributes right inside a file or a block."""
    bodies = [each for each in node.children if each.type == "body"]
    return [each for body in bodies for each in body.children if each.type == kind]


def _attribute(text: str, target: str, name: str, value: Node) -> Given:
    """Give the strings among which an expression chooses, or of which it is a list."""
    from pipslim.carriers.hcl import string

    strings: list[Part] = []
    plain = True
    waiting = [value]
    while waiting:
        node = waiting.pop()
        read = string(text, node)
        if read is not None:
            strings.append(read)
        elif node.type in ("expression", "literal_value", "template_expr", "collection_value"):
            waiting += [each for each in node.named_children if each.type != "comment"]
        elif node.type == "tuple":
            waiting += [each for each in node.named_children if each.type == "expression"]
        elif node.type == "conditional":
            plain = False
            waiting += [each for each in node.named_children if each.type == "expression"][1:]
        else:
            plain = False
    strings.sort(key=lambda part: part.place(0))
    return Given(target, name, tuple(strings), plain)


# -- JSON ------------------------------------------------------------------------------------------


class _String(str):
    """A string of JSON, with where its first character stands, and its closing quote."""

    __slots__ = ("end", "start")

    start: int
    end: int


class _Object(list[tuple[str, object]]):
    """An object of JSON: its pairs, for in a bake file a name may stand twice."""

    __slots__ = ()


def _of_json(text: str, names: frozenset[str]) -> Iterator[Given]:
    from pipslim.carriers.hcl import in_json

    for kind, blocks in _pairs(_loaded(text)):
        for label, bodies in _pairs(blocks) if kind == "target" else ():
            for name, value in _pairs(bodies):
                if name in names:
                    values = value if isinstance(value, list) else [value]
                    strings = [each for each in values if isinstance(each, _String)]
                    read = [in_json(_written(text, each), each.start) for each in strings]
                    yield Given(label, name, tuple(read), len(read) == len(values))


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    """Give the pairs of an object, or of those in a list: HCL takes both for blocks."""
    if isinstance(value, _Object):
        yield from value
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, _Object):
                yield from each


def _loaded(text: str) -> object:
    """Give what a text of JSON says, its strings with their places."""
    import json
    from json.decoder import scanstring
    from json.scanner import py_make_scanner

    def positioned(source: str, start: int, strict: bool = True) -> tuple[_String, int]:
        said, behind = scanstring(source, start, strict)
        string = _String(said)
        string.start, string.end = start, behind - 1
        return string, behind

    decoder = json.JSONDecoder(object_pairs_hook=_Object)
    decoder.parse_string = positioned
    scan: Callable[[str, int], tuple[object, int]] = py_make_scanner(decoder)
    decoder.scan_once = scan
    shift = len(text) - len(text.removeprefix(BOM))
    try:
        # a blank in the place of a byte order mark, so that offsets stay
        return decoder.decode(" " * shift + text[shift:])
    except json.JSONDecodeError as error:
        raise Unreadable(error.pos, f"no JSON: {error.msg}; {_TELL}") from None
    except (RecursionError, ValueError) as error:
        raise Unreadable(0, f"no JSON: {error}; {_TELL}") from None


def _written(text: str, string: _String) -> Chars:
    """Give what a string of JSON says, with the place of each character."""
    found = Chars()
    for match in _JSON_ESCAPE.finditer(text, string.start, string.end):
        said = string[len(found.starts) :]
        if match[0][0] == "\\":
            found.escaped(said[0], match.start(), match.end())
        else:
            found.same(match[0], match.start())
    return found
