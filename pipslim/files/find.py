"""Discovery: the Dockerfiles that are named, and those below the folders that are named."""

from __future__ import annotations

import os

from pipslim.files.disk import Unreachable
from pipslim.files.names import NEVER, is_dockerfile
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Search(NamedTuple):
    """How folders are searched.

    `include` and `exclude` are patterns as in a .gitignore, for paths below the folder searched:
    files that are read too, and files and folders that are left out. Without `gitignore`, what
    git ignores is read as well. `since` names a git revision: only what differs from it is read.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    since: str = ""


_PLAIN = Search()


def _plain(folder: str) -> Search:
    return _PLAIN


def find(paths: Iterable[str], search: Callable[[str], Search] = _plain) -> Iterator[str]:
    """Give the files to read: each named file, and the Dockerfiles below each named folder.

    `search` tells how a folder that is named is searched. In the order named, below a folder in
    the order of names, none twice. Raises Unreachable for a path that does not exist.
    """
    seen: set[str] = set()
    for path in paths:
        if os.path.isdir(path):
            found: Iterable[str] = _below(path)
        elif os.path.lexists(path):
            found = (path,)
        else:
            raise Unreachable(f"{path}: no such file or folder")
        for each in found:
            key = os.path.normpath(each)
            if key not in seen:
                seen.add(key)
                yield each


def _below(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return  # a folder that may not be read holds nothing that could be changed
    folders: list[str] = []
    for entry in ordered:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in NEVER:
                folders.append(entry.name)
        elif is_dockerfile(entry.name) and entry.is_file():
            yield entry.name if folder == "." else os.path.join(folder, entry.name)
    for name in folders:
        yield from _below(name if folder == "." else os.path.join(folder, name))
