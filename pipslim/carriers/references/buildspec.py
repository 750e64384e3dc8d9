"""Dockerfiles that the commands of a buildspec of AWS CodeBuild name: `docker build -f web .`.

They are seen from the top of the source, the folder of the file or the top of the work tree. No
`cd` ahead is followed. Source: the build specification reference for CodeBuild, "phases/commands".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references import from_either
from pipslim.carriers.references.commands import files
from pipslim.carriers.references.paths import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.carriers.references import Reference


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    for path in files(content):
        if plain(path):
            yield from from_either(path)
