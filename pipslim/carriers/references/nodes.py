"""YAML for those who look something up in it: nodes, and what stands below a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    _Maybe: TypeAlias = Node | None

# that of libyaml where there is one: some 25 times faster, and it bounds how deep things nest
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"


def documents(text: str) -> list[Node]:
    """Give the documents of a YAML file; none where it cannot be read.

    Nothing is made of them but nodes, so that what aliases stand for is there once.
    """
    try:
        found = list(yaml.compose_all(text, Loader=_Loader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    return [each for each in found if each is not None]


def mappings(roots: list[Node]) -> Iterator[MappingNode]:
    """Give all mappings, each once, in the order of their places."""
    waiting = roots[::-1]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            waiting += node.value[::-1]
        elif isinstance(node, MappingNode):
            yield node
            waiting += [value for _, value in reversed(node.value)]


def get(node: _Maybe, key: str) -> _Maybe:
    """Give what a mapping has for a key, itself or by a merge (`<<`); None if nothing."""
    waiting = [node]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, MappingNode) or id(each) in seen:
            continue
        seen.add(id(each))
        merged: list[Node] = []
        for name, value in each.value:
            if name.value == key:
                found: Node = value
                return found
            if name.tag == _MERGE:
                merged += value.value if isinstance(value, SequenceNode) else [value]
        waiting += merged[::-1]
    return None


def text(node: _Maybe) -> str:
    """Give the text of a scalar; nothing for all else."""
    return str(node.value) if isinstance(node, ScalarNode) else ""


def items(node: _Maybe) -> list[Node]:
    """Give the items of a sequence; what is none is the one item itself."""
    if isinstance(node, SequenceNode):
        return list(node.value)
    return [] if node is None else [node]
