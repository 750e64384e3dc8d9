"""YAML as a tree of nodes with their places: what the readers of YAML hosts have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from pipslim.carriers.part import Unreadable
from pipslim.syntax.source import BOM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Node

# libyaml is some 25 times as fast; builds of PyYAML without it have none
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 20


def documents(text: str) -> list[Node]:
    """Give the documents of a text; tags are not looked at. Raises Unreadable where it is no YAML.

    Places are those of the text without its byte order mark: ask `offset`.
    """
    try:
        found = list(yaml.compose_all(text.removeprefix(BOM), Loader=_Loader))
    except (yaml.YAMLError, UnicodeError, RecursionError, ValueError):
        raise Unreadable(0, "no YAML; mend that, or exclude the file") from None
    return [each for each in found if each is not None]


def scalar(node: Node | None) -> str | None:
    """Give the text of a scalar; None for all else."""
    return node.value if isinstance(node, yaml.ScalarNode) else None


def items(node: Node | None) -> list[Node]:
    """Give the items of a sequence; none for all else."""
    return node.value if isinstance(node, yaml.SequenceNode) else []


def fields(node: Node | None, depth: int = 0) -> dict[str, Node]:
    """Give the fields of a mapping, also those that `<<` merges into it; none for all else."""
    if not isinstance(node, yaml.MappingNode) or depth > _DEEPEST:
        return {}
    merged: dict[str, Node] = {}
    own: dict[str, Node] = {}
    for key, value in node.value:
        name = scalar(key)
        if name == "<<":
            for each in reversed(items(value) or [value]):  # the first of a list wins
                merged.update(fields(each, depth + 1))
        elif name is not None:
            own[name] = value
    return {**merged, **own}


def every(nodes: list[Node]) -> Iterator[Node]:
    """Give all nodes, each once, however often it is referred to."""
    waiting = list(reversed(nodes))
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting += reversed([value for _, value in node.value])


def offset(text: str, node: Node) -> int:
    """Give where a node begins in `text` (0-based, in characters)."""
    start: int = node.start_mark.index
    return start + len(text) - len(text.removeprefix(BOM))
