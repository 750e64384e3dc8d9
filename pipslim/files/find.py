"""Discovery: the Dockerfiles that are named, and those below the folders that are named."""

from __future__ import annotations

import os

from pipslim.files.disk import Unreachable
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipslim.files.folders import Revision
    from pipslim.files.referred import References


class Search(NamedTuple):
    """How folders are searched.

    `include` and `exclude` are patterns as in a .gitignore, for paths below the folder searched:
    files that are read too, and files and folders that are left out. Without `gitignore`, what
    git ignores is read as well. `since` names a git revision: only what differs from it is read.
    `hosts` are kinds of files that may hold Dockerfiles, see `pipslim.files.names.host`; with none,
    nothing is found because another file names it.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    since: str = ""
    hosts: tuple[str, ...] = ()


_PLAIN = Search()


def _plain(folder: str) -> Search:
    return _PLAIN


def _untold(line: str) -> None:
    pass


def find(
    paths: Iterable[str],
    search: Callable[[str], Search] = _plain,
    unread: Callable[[str], None] = _untold,
    references: References | None = None,
) -> Iterator[str]:
    """Give the files to read: each named one, the Dockerfiles and hosts below each named folder.

    `search` tells how a folder that is named is searched, and whether the files of a folder, named
    themselves, are asked for as they differ from a revision. In the order named, below a folder its
    files ahead of the folders in it, both in the order of names; none twice. `unread` is told of
    each folder that cannot be searched, in a line for people. `references` read files that name
    Dockerfiles: those are given, too, where hosts are asked for. Raises Unreachable for a path that
    does not exist, and for a revision that cannot be compared with.
    """
    paths = tuple(paths)
    seen: set[str] = set()
    revisions: dict[tuple[str, bool], Revision] = {}
    for path in paths:
        is_dir = os.path.isdir(path)
        if not is_dir and not os.path.lexists(path):
            raise Unreachable(f"{path}: no such file or folder")
        told = search(path if is_dir else os.path.dirname(path) or os.curdir)
        revision = None
        if told.since:
            from pipslim.files.folders import Revision

            key = told.since, told.gitignore
            if key not in revisions:
                revisions[key] = Revision(told.since, gitignore=told.gitignore)
            revision = revisions[key]
        if is_dir:
            from pipslim.files.folders import below

            found: Iterable[str] = below(path, told, revision, unread, references)
        else:
            found = (path,) if revision is None or revision.has(path) else ()
        if len(paths) == 1:
            yield from found
            return
        for each in found:
            name = os.path.abspath(each)
            if name not in seen:
                seen.add(name)
                yield each
