"""Dockerfiles that the artifacts of a skaffold.yaml name, for docker, kaniko or a script of theirs.

A Dockerfile is seen from the artifact's `context`, that from the folder of the file. Source: the
reference of skaffold.yaml, `artifacts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references import Reference
from pipslim.carriers.references.nodes import documents, get, mappings, text
from pipslim.carriers.references.paths import inside

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    for artifact in mappings(documents(content)):
        context = text(get(artifact, "context")) or "."
        script = get(get(artifact, "custom"), "dependencies")
        for named in (
            get(get(artifact, "docker"), "dockerfile"),
            get(get(artifact, "kaniko"), "dockerfile"),
            get(get(script, "dockerfile"), "path"),
        ):
            path = inside(context, text(named))
            if path:
                yield Reference(path)
