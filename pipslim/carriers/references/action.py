"""The Dockerfile that a Docker action of GitHub names: `runs.image`, seen from its folder.

Source: the metadata syntax for GitHub Actions, "runs for Docker container actions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references import Reference
from pipslim.carriers.references.nodes import documents, get, text
from pipslim.carriers.references.paths import plain

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    for root in documents(content):
        runs = get(root, "runs")
        path = plain(text(get(runs, "image")))
        if path and text(get(runs, "using")) == "docker":
            yield Reference(path)
