"""Which Dockerfiles other files name: compose and bake files, devcontainers, CI configurations."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pipslim.carriers.part import Unreadable
from pipslim.carriers.references.named import DOCKERFILE, EITHER, HOST, INCLUDE, TOP, Reference
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from re import Pattern

__all__ = [
    "DOCKERFILE",
    "EITHER",
    "HOST",
    "INCLUDE",
    "TOP",
    "Reference",
    "may_refer",
    "references",
]


class _Host(NamedTuple):
    """A kind of files that name Dockerfiles.

    `module` reads it, `patterns` are of its names, or of the end of its path where they have a
    slash. `sign` is what stands somewhere in each that names one: the others are not read. `base`
    is where its paths begin, as in `Reference`.
    """

    module: str
    patterns: tuple[str, ...]
    sign: Pattern[str]
    base: str


_BUILDS = lazy(
    r"ockerfile|OCKERFILE|ockerFile|build-push-action"
    r"|\b(?:docker|podman|buildah|nerdctl|acr)\b(?:[^\n\\]|\\\r?\n?)*\b(?:build|bud)\b"
)
# Sources: the documentation of compose, bake, Dev Containers, GitHub Actions, skaffold, Cloud
# Build, CodeBuild and Pipelines as Code.
_HOSTS = (
    _Host(
        "compose",
        ("compose*.y*ml", "docker-compose*.y*ml"),
        lazy(r"build|include|extends"),
        HOST,
    ),
    _Host("bake", ("docker-bake*.hcl", "docker-bake*.json"), lazy(r"target"), EITHER),
    _Host(
        "devcontainer",
        ("devcontainer.json", ".devcontainer.json"),
        lazy(r"ocker[fF]ile|dockerComposeFile"),
        HOST,
    ),
    _Host("builds", (".github/workflows/*.y*ml", ".tekton/*.y*ml"), _BUILDS, TOP),
    _Host("builds", ("cloudbuild*.y*ml",), lazy(r"ocker|kaniko|podman|buildah"), EITHER),
    _Host("builds", ("buildspec*.y*ml",), _BUILDS, EITHER),
    _Host("skaffold", ("skaffold*.y*ml",), lazy(r"artifacts"), HOST),
)
_ENDINGS = (".yml", ".yaml", ".hcl", ".json")


def may_refer(name: str) -> bool:
    """Tell by its name, or its path with slashes, whether a file may name Dockerfiles.

    Of workflows and Tekton's files the folders `.github/workflows` and `.tekton` have to be given.
    """
    return _host(name) is not None


def references(name: str, text: str) -> tuple[Reference, ...]:
    """Give the Dockerfiles, and compose files, that a file names, in the order of their places.

    `name` is the host's name or path, as for `may_refer`; where that says no, none are given. Names
    with variables in them, URLs, absolute paths and patterns are left out; so are builds whose
    Dockerfile stands in the host. A text that cannot be read names none. Never raises.
    """
    host = _host(name)
    if host is None or not host.sign.search(text):
        return ()
    from importlib import import_module

    find: Callable[[str, str], Iterator[Reference]]
    find = import_module(f"{__name__}.{host.module}").find
    try:
        found = dict.fromkeys(find(text, host.base))
    except (Unreadable, RecursionError):
        return ()
    return tuple(sorted(found, key=_place))


def _place(reference: Reference) -> int:
    return reference.offset


def _host(name: str) -> _Host | None:
    if not name.endswith(_ENDINGS):
        return None
    parts = name.split("/")
    for host in _HOSTS:
        for pattern in host.patterns:
            depth = pattern.count("/") + 1
            if len(parts) >= depth and fnmatchcase("/".join(parts[-depth:]), pattern):
                return host
    return None
