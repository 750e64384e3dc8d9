"""Dockerfiles and compose files that a devcontainer.json names.

All paths are seen from its folder. Source: the Dev Container metadata reference, `build.dockerfile`
(once `dockerFile`) and `dockerComposeFile`; comments and commas at the end are allowed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pipslim.carriers.references import Reference
from pipslim.carriers.references.paths import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

# what never ends is taken, too: to look for its end over and over would take long
_STRING = r'("(?:[^"\\\n]|\\.)*"?)'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])")


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    said = _load(content)
    if not isinstance(said, dict):
        return
    build = said.get("build")
    names = [said.get("dockerFile"), build.get("dockerfile") if isinstance(build, dict) else None]
    for name in names:
        if isinstance(name, str) and plain(name):
            yield Reference(name)
    composed = said.get("dockerComposeFile")
    for name in composed if isinstance(composed, list) else [composed]:
        if isinstance(name, str) and plain(name):
            yield Reference(name, "compose")


def _load(content: str) -> object:
    bare = _COMMENT.sub(lambda match: match[1] or " ", content)
    try:
        said: object = json.loads(_COMMA.sub(lambda match: match[1] or "", bare))
    except (ValueError, RecursionError):
        return None
    return said
