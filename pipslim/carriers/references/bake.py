"""Dockerfiles that the targets of a bake file name.

A Dockerfile is seen from its context, a context from the folder that bake is called in: mostly that
of the file, or the top of the work tree. Without a name it is `Dockerfile`, which is found by that.
Source: `toBuildOpt` in `bake/bake.go` of docker/buildx.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipslim.carriers.part import Unreadable
from pipslim.carriers.references import from_either
from pipslim.carriers.references.paths import inside
from pipslim.carriers.targets import given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.carriers.references import Reference
    from pipslim.carriers.targets import Given

# the parser takes a time that grows with the square of how many blanks stand together
_BLANKS = re.compile(r"\s{2,}")
_NAMES = frozenset(("context", "dockerfile", "inherits"))


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    try:
        short = _BLANKS.sub(lambda match: "\n" if "\n" in match[0] else " ", content)
        found = given(short, _NAMES)
    except (Unreadable, RecursionError):
        return
    targets: dict[str, dict[str, Given]] = {}
    for each in found:
        targets.setdefault(each.target, {})[each.name] = each
    for target, said in targets.items():
        if "dockerfile" not in said:
            continue
        for context in _contexts(targets, target):
            for dockerfile in _texts(said["dockerfile"]):
                path = inside(context, dockerfile)
                if path:
                    yield from from_either(path)


def _contexts(targets: dict[str, dict[str, Given]], target: str) -> list[str]:
    """Give the contexts that a target may have: its own, or of those that it takes things from."""
    waiting, seen = [target], set()
    while waiting:
        name = waiting.pop()
        said = targets.get(name, {})
        if name in seen:
            continue
        seen.add(name)
        if "context" in said:
            return _texts(said["context"])
        if "inherits" in said:  # the last one counts most
            waiting += _texts(said["inherits"])
    return ["."]


def _texts(given: Given) -> list[str]:
    """Give the literal texts among which an attribute chooses."""
    return [part.text for part in given.strings if part.whole]
