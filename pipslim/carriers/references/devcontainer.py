"""Dockerfiles and compose files that a devcontainer.json names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.jsons import Object, String, load, plain
from pipslim.carriers.references.named import included, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.carriers.references.named import Reference


def find(text: str, base: str) -> Iterator[Reference]:
    """Give what it names; all paths begin at its own folder. Raises Unreadable.

    Source: the metadata reference of Dev Containers; `dockerFile` and `context` at the top are its
    older form.
    """
    top = load(plain(text))
    if not isinstance(top, Object):
        return
    inner = top.get("build")
    build = inner if isinstance(inner, Object) else Object()
    path = build.get("dockerfile") or build.get("dockerFile") or top.get("dockerFile")
    context = build.get("context") or top.get("context")
    if isinstance(path, String):
        folder = context if isinstance(context, String) else None
        yield from named(path, folder, inside=False, base=base, offset=path.start)
    files = top.get("dockerComposeFile")
    for each in files if isinstance(files, list) else [files]:
        if isinstance(each, String):
            yield from included(each, base, each.start)
