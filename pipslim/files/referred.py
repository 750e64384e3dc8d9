"""Dockerfiles that other files name: those that a search would come to, whatever their names."""

from __future__ import annotations

import os

from pipslim.files.names import NEVER, is_told_by_name
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from pipslim.files.folders import Found

    class References(Protocol):
        """What reads files that name others, and judges those that are named."""

        def read(self, path: str, kind: str) -> Iterable[tuple[str, str]]:
            """Give the paths that a file of a kind names, each with the kind of what is there.

            They are seen from the folder of the file, behind a `/` from the top of the work tree.
            The kind is empty for a Dockerfile, else that of a host.
            """

        def may(self, path: str) -> bool:
            """Tell whether a file may be a Dockerfile, or a host, by what it says."""

        def take(self, path: str, kind: str) -> bool:
            """Tell whether a file that is named is what it is named as; then it is kept in mind."""


def referred(
    found: Found,
    top: str | None,
    paths: Iterable[str],
    referrers: Iterable[tuple[str, str]],
    has: Callable[[Iterable[str]], Iterable[str]],
) -> list[str]:
    """Give what referrers name and what is wanted of it, none of `paths`; in no order.

    All paths are seen from the folder searched; `top` is the work tree around it. `has` gives those
    of some paths that a search comes to. What is outside of the folder, or a link that leads out of
    it, is not given. A compose file that is named is itself a referrer.
    """
    assert found.references is not None
    base = os.path.realpath(found.folder)
    seen = set(paths)
    more: list[str] = []
    waiting = list(referrers)
    while waiting:
        kinds: dict[str, str] = {}
        for path, kind in waiting:
            names = list(found.references.read(found.at(path), kind))
            if names and found.is_entered(path.split("/")[:-1]):
                here = os.path.join(base, os.path.dirname(path))
                for named, its_kind in names:
                    start = (top or base) if named[0] == "/" else here
                    at = os.path.normpath(os.path.join(start, named.lstrip("/")))
                    inner = _below(base, at)
                    if inner and inner not in seen and not is_told_by_name(os.path.basename(at)):
                        kinds.setdefault(inner, its_kind)
        seen |= kinds.keys()
        waiting = []
        for path in sorted(has(kinds)) if kinds else ():
            kind = kinds[path]
            if _is_wanted(found, base, path) and found.references.take(found.at(path), kind):
                more.append(path)
                if kind:
                    waiting.append((path, kind))
    return more


def _below(base: str, path: str) -> str:
    """Give a path as seen from a folder, with `/`; nothing for one outside of it."""
    base = os.path.join(base, "")
    return path[len(base) :].replace(os.sep, "/") if path.startswith(base) else ""


def _is_wanted(found: Found, base: str, path: str) -> bool:
    """Tell whether a file is one that a search comes to, as far as it has to look at folders."""
    folders, at = path.split("/")[:-1], found.at(path)
    if found.excludes(path) or not NEVER.isdisjoint(folders) or not found.is_entered(folders):
        return False
    return os.path.isfile(at) and not (
        os.path.islink(at) and not _below(base, os.path.realpath(at))
    )
