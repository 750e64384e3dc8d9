"""A walk below a folder, without what the .gitignore files on its way leave out."""

from __future__ import annotations

import os

from pipslim.files.names import NEVER, VENV
from pipslim.files.patterns import decide, rules
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipslim.files.patterns import Rule

_GITIGNORE = ".gitignore"
_GIT = ".git"
_SPECIAL = frozenset((_GIT, _GITIGNORE, VENV))


class Ignores(NamedTuple):
    """The rules that hold in a folder, the nearest first: each list with what is to be cut off.

    That is how much of a path, seen from the folder searched, leads to the .gitignore; for one
    above the folder, `ahead` leads on from it instead.
    """

    lists: tuple[tuple[list[Rule], int, bytes], ...] = ()

    def leave_out(self, path: bytes, *, is_dir: bool) -> bool:
        """Tell whether git would leave out a path, whose folder it does not leave out."""
        for found, cut, ahead in self.lists:
            answer = decide(found, ahead + path[cut:], is_dir=is_dir)
            if answer is not None:
                return answer
        return False

    def and_of(self, content: bytes, cut: int, ahead: bytes = b"") -> Ignores:
        """Give the rules that hold below, where a .gitignore says some more."""
        found = rules(content)
        return Ignores(((found, cut, ahead), *self.lists)) if found else self


class Visit(NamedTuple):
    """A folder of the walk: its path, seen from the folder searched, and the names of its files.

    `other` says that it is the top of another work tree.
    """

    path: str
    files: list[str]
    ignores: Ignores
    other: bool


def walk(
    folder: str,
    ignores: Ignores | None,
    enter: Callable[[str], bool],
    unread: Callable[[str, str], None],
) -> Iterator[Visit]:
    """Give the folders below one, itself first, each ahead of those in it, in the order of names.

    With `ignores`, those that hold above, what .gitignore files say is followed; without, they are
    not read. `enter` tells of each folder, by its path seen from the folder searched, with `/`,
    whether to look into it. Never looked into are the folders of NEVER, virtual environments,
    links to folders, and what is in another work tree: that is but named. `unread` is told the path
    of a folder or .gitignore that cannot be read, and why.
    """
    todo = [("", ignores)]
    while todo:
        path, held = todo.pop()
        files: list[str] = []
        folders: list[str] = []
        special = set()
        try:
            with os.scandir(os.path.join(folder, path) if path else folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name in _SPECIAL and (name != _GITIGNORE or _is_plain(entry)):
                        special.add(name)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(name)
                    elif name != _GIT:
                        files.append(name)
        except OSError as error:
            unread(path, error.strerror or str(error))
            continue
        if path and VENV in special:
            continue
        other = bool(path) and _GIT in special
        if other:
            yield Visit(path, [], Ignores(), other)
            continue
        if held is not None and _GITIGNORE in special:
            at = f"{path}/{_GITIGNORE}" if path else _GITIGNORE
            try:
                with open(os.path.join(folder, at), "rb") as file:
                    held = held.and_of(file.read(), len(os.fsencode(path)) + bool(path))
            except OSError as error:
                unread(at, error.strerror or str(error))
        yield Visit(path, sorted(files), held or Ignores(), other)
        for name in sorted(folders, reverse=True):
            below = f"{path}/{name}" if path else name
            if name in NEVER or (held and held.leave_out(os.fsencode(below), is_dir=True)):
                continue
            if enter(below):
                todo.append((below, held))


def _is_plain(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)  # git does not follow a link to rules either


def work_tree(folder: str) -> str | None:
    """Give the top of the git work tree that a folder is in; None for a folder outside of any."""
    above = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(above, _GIT)):
        folder, above = above, os.path.dirname(above)
        if folder == above:
            return None
    return above


def held_above(top: str, folder: str) -> Ignores:
    """Give the rules that hold in a folder of the work tree `top`, without those it has itself."""
    ignores = _with(Ignores(), os.path.join(top, _GIT, "info", "exclude"), folder, top)
    at = top
    for part in os.path.relpath(os.path.realpath(folder), top).split(os.sep):
        if part == os.curdir:
            break
        ignores = _with(ignores, os.path.join(at, _GITIGNORE), folder, at)
        at = os.path.join(at, part)
    return ignores


def _with(ignores: Ignores, path: str, folder: str, base: str) -> Ignores:
    below = os.path.relpath(os.path.realpath(folder), base).replace(os.sep, "/")
    ahead = b"" if below == os.curdir else os.fsencode(below) + b"/"
    try:
        if os.path.islink(path) and os.path.basename(path) == _GITIGNORE:
            return ignores
        with open(path, "rb") as file:
            return ignores.and_of(file.read(), 0, ahead)
    except OSError:
        return ignores  # mostly, there is none
