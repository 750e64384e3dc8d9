"""Dockerfiles that a compose file names, and compose files that it brings in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references.named import included, named
from pipslim.carriers.references.yamls import documents, fields, items, offset, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Node

    from pipslim.carriers.references.named import Reference


def find(text: str, base: str) -> Iterator[Reference]:
    """Give what it names: contexts begin at its folder, Dockerfiles at their context.

    Source: the Compose specification. `project_directory` of an `include` is not followed. Raises
    Unreadable.
    """
    for document in documents(text):
        top = fields(document)
        for service in fields(top.get("services")).values():
            own = fields(service)
            yield from _build(text, own.get("build"), base)
            file = fields(own.get("extends")).get("file")
            yield from _paths(text, file, base)
        for each in items(top.get("include")):
            yield from _paths(text, fields(each).get("path") or each, base)


def _build(text: str, build: Node | None, base: str) -> Iterator[Reference]:
    """Give the Dockerfile of a service, unless it stands in this file."""
    if build is None:
        return
    short = scalar(build)
    own = fields(build)
    path, context = own.get("dockerfile"), own.get("context")
    if short is not None:
        yield from named(None, short, inside=True, base=base, offset=offset(text, build))
    elif own and "dockerfile_inline" not in own:
        place = offset(text, path or context or build)
        folder = scalar(context) if context is not None else None
        yield from named(scalar(path), folder, inside=True, base=base, offset=place)


def _paths(text: str, node: Node | None, base: str) -> Iterator[Reference]:
    """Give the compose files that a path, or a list of paths, names."""
    for each in items(node) or [node]:
        path = scalar(each)
        if path is not None and each is not None:
            yield from included(path, base, offset(text, each))
