"""Dockerfiles that a workflow of GitHub names for `docker/build-push-action`.

Its `file` is seen from the workspace, the top of the repository, which is two folders up; with a
folder of git's context (`{{defaultContext}}:folder`) from that. Without a name it is `Dockerfile`,
which is found by that. Source: its README, "Git context", "Path context" and `inputs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references import Reference
from pipslim.carriers.references.nodes import documents, get, mappings, text
from pipslim.carriers.references.paths import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

_ACTION = "docker/build-push-action@"
_GIT = "{{defaultContext}}:"


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    for step in mappings(documents(content)):
        if not text(get(step, "uses")).startswith(_ACTION):
            continue
        told = get(step, "with")
        context = text(get(told, "context"))
        folder = context.removeprefix(_GIT) if context.startswith(_GIT) else "."
        path = inside(folder, text(get(told, "file")))
        if path:
            yield Reference(f"../../{path}")
