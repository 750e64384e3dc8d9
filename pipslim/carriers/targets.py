"""The targets of a bake file, HCL or JSON: the strings that their attributes are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipslim.carriers.hcl import in_json, read, string
from pipslim.carriers.jsons import Object, String, characters, load
from pipslim.syntax.source import BOM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from pipslim.carriers.part import Part


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
    for block in _inside(read(text), "block"):
        kind, *labels = [
            each for each in block.children if each.type in ("identifier", "string_lit")
        ]
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
    strings: list[Part] = []
    plain = True
    waiting = [value]
    while waiting:
        node = waiting.pop()
        said = string(text, node)
        if said is not None:
            strings.append(said)
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


def _of_json(text: str, names: frozenset[str]) -> Iterator[Given]:
    for kind, blocks in _pairs(load(text)):
        for label, bodies in _pairs(blocks) if kind == "target" else ():
            for name, value in _pairs(bodies):
                if name in names:
                    values = value if isinstance(value, list) else [value]
                    strings = [each for each in values if isinstance(each, String)]
                    said = [in_json(characters(text, each), each.start) for each in strings]
                    yield Given(label, name, tuple(said), len(said) == len(values))


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    """Give the pairs of an object, or of those in a list: HCL takes both for blocks."""
    if isinstance(value, Object):
        yield from value
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, Object):
                yield from each
