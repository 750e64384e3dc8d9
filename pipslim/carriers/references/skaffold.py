"""Dockerfiles that the artifacts of a skaffold.yaml name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references.named import named
from pipslim.carriers.references.yamls import documents, every, fields, items, offset, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.carriers.references.named import Reference

_BUILDERS = frozenset(("docker", "kaniko"))
_OTHERS = frozenset(("bazel", "buildpacks", "custom", "jib", "ko"))


def find(text: str, base: str) -> Iterator[Reference]:
    """Give what it names: contexts begin at its folder, Dockerfiles at their context.

    An artifact without a builder is docker's. Source: the reference of skaffold.yaml. Raises
    Unreadable.
    """
    for node in every(documents(text)):
        for artifact in items(fields(node).get("artifacts")):
            own = fields(artifact)
            if "image" not in own:
                continue
            context = own.get("context")
            folder = scalar(context) if context is not None else None
            builders = [own[each] for each in sorted(_BUILDERS & own.keys())]
            for inner in (
                fields(fields(own.get("custom")).get("dependencies")),
                *map(fields, builders),
            ):
                path = inner.get("dockerfile")
                path = fields(path).get("path", path)
                if path is not None:
                    place = offset(text, path)
                    yield from named(
                        scalar(path) or "", folder, inside=True, base=base, offset=place
                    )
            if (
                not any("dockerfile" in fields(each) for each in builders)
                and not _OTHERS & own.keys()
            ):
                place = offset(text, context if context is not None else own["image"])
                yield from named(None, folder, inside=True, base=base, offset=place)
