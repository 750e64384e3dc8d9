"""Dockerfiles that commands of a script name: `docker build -f docker/web .`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUILD = re.compile(
    r"\b(?:docker|podman|buildah|nerdctl)\s+(?:(?:buildx|image)\s+)?(?:build|bud)\b"
)
_CONTINUED = re.compile(r"\\\r?\n")
_END = re.compile(r"[\n;|&]")
_FILE = re.compile(r"""(?<=\s)(?:-f|--file)(?:=|\s+)(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"';|&]+))""")


def files(script: str) -> Iterator[str]:
    """Give the paths that builds in a script are told, as they are written."""
    script = _CONTINUED.sub(" ", script)
    for build in _BUILD.finditer(script):
        end = _END.search(script, build.end())
        for match in _FILE.finditer(script, build.end(), end.start() if end else len(script)):
            yield match[1] or match[2] or match[3] or ""
