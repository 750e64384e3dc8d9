"""Dockerfiles and compose files that a compose file names.

A context is seen from the folder of the file, a Dockerfile from its context. Without a name it is
`Dockerfile`, which is found by that. Source: the Compose specification, "build", "include" and
"extends".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references import Reference
from pipslim.carriers.references.nodes import documents, get, items, mappings, text
from pipslim.carriers.references.paths import inside, plain

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    roots = documents(content)
    for mapping in mappings(roots):
        build = get(mapping, "build")
        path = inside(text(get(build, "context")) or ".", text(get(build, "dockerfile")))
        if path:
            yield Reference(path)
        path = plain(text(get(get(mapping, "extends"), "file")))
        if path:
            yield Reference(path, "compose")
    for root in roots:
        for each in items(get(root, "include")):
            for path in [text(each), *map(text, items(get(each, "path")))]:
                if plain(path):
                    yield Reference(path, "compose")
