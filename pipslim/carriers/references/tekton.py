"""Dockerfiles that pipelines below `.tekton` name: parameters, and `--dockerfile` of kaniko.

They are seen from the top of the repository, or from the context that a parameter beside them
names. Source: the tasks `buildah` and `kaniko` of the Tekton catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references import Reference
from pipslim.carriers.references.nodes import documents, get, items, mappings, text
from pipslim.carriers.references.paths import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.nodes import Node

_OPTION = "--dockerfile"


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    for mapping in mappings(documents(content)):
        told = _parameters(items(get(mapping, "params")))
        contexts = [".", *[value for name, value in told if "context" in name]]
        found = [value for name, value in told if "dockerfile" in name]
        words = [text(each) for each in items(get(mapping, "args"))]
        for word, value in zip(words, [*words[1:], ""], strict=False):
            if word == _OPTION:
                found.append(value)
            elif word.startswith(f"{_OPTION}="):
                found.append(word.partition("=")[2])
        for each in found:
            for context in contexts:
                path = inside(context, each)
                if path:
                    yield Reference(f"/{path}")


def _parameters(nodes: list[Node]) -> list[tuple[str, str]]:
    """Give names, in small letters, and values of parameters, or what they are by default."""
    return [
        (text(get(each, "name")).lower(), text(get(each, "value")) or text(get(each, "default")))
        for each in nodes
    ]
