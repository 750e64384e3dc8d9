"""Dockerfiles that steps of CI name: GitHub workflows, Cloud Build, CodeBuild, Tekton."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import yaml

from pipslim.carriers.references.commands import in_script, in_words, of_kaniko
from pipslim.carriers.references.named import named
from pipslim.carriers.references.yamls import documents, every, fields, items, offset, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Node

    from pipslim.carriers.references.commands import Build
    from pipslim.carriers.references.named import Reference

_WORKSPACE = re.compile(r"^\$\{\{\s*github\.workspace\s*\}\}(?=/|$)")
_DEFAULT_CONTEXT = re.compile(r"^\{\{\s*defaultContext\s*\}\}(?::(.+))?$")
_FILES = frozenset(("dockerfile", "docker_file", "docker-file"))
_FOLDERS = frozenset(("context", "path_context", "path-context", "docker_context"))
_COMMAND = re.compile(r"\b(?:docker|podman|buildah|nerdctl|acr|executor)\b")
_PUSH = "docker/build-push-action"


def find(text: str, base: str) -> Iterator[Reference]:
    """Give what steps name: actions, commands in scripts, arguments, parameters.

    Sources: the manual of docker/build-push-action, whose paths begin at the work tree; of `docker
    build`, whose paths begin in the current folder, and so on. A key `dockerfile` counts wherever
    it stands: whether its value is seen from the context beside it is not known, so both are given.
    Raises Unreadable.
    """
    for node in every(documents(text)):
        own = fields(node)
        if (scalar(own.get("uses")) or "").partition("@")[0] == _PUSH:
            yield from _pushed(text, own, base)
        elif own:
            yield from _keys(text, own, base)
            yield from _step(text, own, base)
        elif isinstance(node, yaml.SequenceNode):
            yield from _parameters(text, node.value, base)


def _pushed(text: str, step: dict[str, Node], base: str) -> Iterator[Reference]:
    """Give what docker/build-push-action builds."""
    given = fields(step.get("with"))
    file, context = given.get("file"), given.get("context")
    place = offset(text, file or context or step["uses"])
    folder = _path(context) or "."
    inner = _DEFAULT_CONTEXT.match(folder)
    if inner is not None:
        folder = inner[1] or "."
    path = _path(file) or None  # an empty one is none
    inside = inner is not None and folder != "."
    yield from named(path, folder, inside=inside, base=base, offset=place)


def _path(node: Node | None) -> str | None:
    """Give a path that a workflow names, from the work tree."""
    said = scalar(node)
    return None if said is None else _WORKSPACE.sub(".", said)


def _keys(text: str, own: dict[str, Node], base: str) -> Iterator[Reference]:
    """Give what a key named `dockerfile` says, of whatever it is."""
    for name, value in own.items():
        if name.lower() in _FILES:
            folders = [_path(own[each]) for each in own if each.lower() in _FOLDERS]
            yield from _loose(text, value, _path(value), folders, base)


def _parameters(text: str, nodes: list[Node], base: str) -> Iterator[Reference]:
    """Give what a list of parameters says, each with its name and its value, as Tekton's are."""
    listed = [(scalar(own.get("name")) or "", own) for own in map(fields, nodes)]
    values = [(name.lower(), own.get("value", own.get("default"))) for name, own in listed]
    folders = [scalar(value) for name, value in values if name in _FOLDERS]
    for name, value in values:
        if name in _FILES and value is not None:
            yield from _loose(text, value, scalar(value), folders, base)


def _loose(
    text: str, node: Node, path: str | None, folders: list[str | None], base: str
) -> Iterator[Reference]:
    """Give a Dockerfile that may be seen from the top as well as from its context."""
    folder = next((each for each in folders if each), ".")
    place = offset(text, node)
    if path:
        yield from named(path, folder, inside=False, base=base, offset=place)
        if posixpath.normpath(folder) != ".":
            yield from named(path, folder, inside=True, base=base, offset=place)


def _step(text: str, own: dict[str, Node], base: str) -> Iterator[Reference]:
    """Give what the scripts and arguments of a step build."""
    folder = scalar(own.get("working-directory")) or scalar(own.get("dir")) or "."
    image = (scalar(own.get("name")) or "").partition(":")[0].rpartition("/")[2]
    for key, value in own.items():
        words = [said for each in items(value) if (said := scalar(each)) is not None]
        if key in ("args", "command"):
            program = words
            if of_kaniko(words):
                program = ["executor", *words]
            elif image == "docker" and words[:1] != ["docker"]:
                program = ["docker", *words]
            if program:
                found = in_words(program, _path_of(folder))
                yield from _built(text, items(value)[0], found, base)
        for each in items(value) or [value]:
            script = scalar(each)
            if script and _COMMAND.search(script) and key != "image":
                yield from _built(text, each, in_script(script, _path_of(folder)), base)


def _path_of(folder: str) -> str:
    return _WORKSPACE.sub(".", folder)


def _built(text: str, node: Node, builds: Iterator[Build], base: str) -> Iterator[Reference]:
    """Give the Dockerfiles of builds."""
    place = offset(text, node)
    for file, context, folder, inside in builds:
        for each in named(file or None, context, inside=inside, base=base, offset=place):
            # what was not literal has become the folder itself
            path = each.path if each.inside else _below(folder, each.path)
            for _ in named(path, folder, inside=True, base=base, offset=place):
                yield each._replace(path=path, context=_below(folder, each.context))


def _below(folder: str, path: str) -> str:
    return path if folder == "." else posixpath.join(folder, path)
