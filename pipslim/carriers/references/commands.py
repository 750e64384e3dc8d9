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
    for command in _END.split(_CONTINUED.sub(" ", script)):
        build = _BUILD.search(command)
        for match in _FILE.finditer(command, build.end()) if build else ():
            yield match[1] or match[2] or match[3] or ""
