"""What is read below a folder: by git's own listing in a work tree, elsewhere by a walk."""

from __future__ import annotations

import os
from bisect import insort

from pipslim.files.disk import Unreachable
from pipslim.files.names import (
    HOST_SIGNS,
    IGNORES,
    NEVER,
    REFERRER_SIGNS,
    REFERRERS,
    SIGNS,
    VENV,
    host,
    is_dockerfile,
    referrer,
)
from pipslim.files.patterns import Patterns
from pipslim.files.walk import Ignores, held_above, walk, work_tree
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipslim.files.find import Search
    from pipslim.files.referred import References
    from pipslim.files.walk import Visit


class Revision:
    """A git revision, and which files differ from it: asked once for each work tree."""

    __slots__ = ("_changed", "_gitignore", "_since")

    def __init__(self, since: str, *, gitignore: bool) -> None:
        self._since = since
        self._gitignore = gitignore
        self._changed: dict[str, frozenset[bytes]] = {}

    def below(self, folder: str) -> bytes:
        """Give the files below a folder that differ, as seen from it, NUL between them.

        Raises Unreachable, as `has` does, where they cannot be told.
        """
        top, ahead = self._top(folder)
        changed = self._changed[top]
        return b"\0".join([each[len(ahead) :] for each in changed if each.startswith(ahead)])

    def has(self, path: str) -> bool:
        """Tell whether a file differs."""
        folder, name = os.path.split(path)
        top, ahead = self._top(folder or os.curdir)
        return ahead + os.fsencode(name) in self._changed[top]

    def _top(self, folder: str) -> tuple[str, bytes]:
        top = work_tree(folder)
        if top is None:
            where = "is in no git work tree; name what is in one, or leave out --since"
            raise Unreachable(f"--since: {folder} {where}")
        if top not in self._changed:
            from pipslim.files.git import changed

            self._changed[top] = changed(top, self._since, gitignore=self._gitignore)
        return top, _ahead(top, folder)


class Found:
    """What is found below a folder, and what is wanted of it; paths are seen from the folder.

    They are texts with `/` between their parts. `references` are None where nothing is found by
    them.
    """

    __slots__ = ("_entered", "_exclude", "_hosts", "_include", "folder", "references", "unread")

    def __init__(
        self,
        folder: str,
        search: Search,
        unread: Callable[[str], None],
        references: References | None = None,
    ) -> None:
        self.references = references if search.hosts else None
        self.folder = folder
        self.unread = unread
        self._include = Patterns(search.include, folder) if search.include else None
        self._exclude = Patterns(search.exclude, folder) if search.exclude else None
        self._hosts = search.hosts
        self._entered: dict[str, bool] = {}

    def file(self, path: str, name: str) -> bool:
        """Tell by its name whether a file is wanted."""
        if not is_dockerfile(name) and not (self._hosts and host(name) in self._hosts):
            if self._include is None or name.endswith(IGNORES):
                return False
            if not self._include.below(os.fsencode(path)):
                return False
        return not self.excludes(path)

    def excludes(self, path: str) -> bool:
        """Tell whether a file is left out, or a folder that it is in."""
        return self._exclude is not None and bool(self._exclude.below(os.fsencode(path)))

    def refers(self, path: str, name: str) -> str:
        """Give the kind of referrer that a file is, by its name; nothing for one that is not."""
        if self.references is None or not name.endswith(REFERRERS):
            return ""
        kind = referrer(path[: -len(name) - 1], name)
        return kind if kind and not self.excludes(path) else ""

    def enter(self, path: str) -> bool:
        """Tell by its name whether a folder is looked into."""
        return self._exclude is None or not self._exclude.below(os.fsencode(path), is_dir=True)

    def tell(self, path: str, reason: str) -> None:
        """Tell that something cannot be read, unless it would not be looked into."""
        if self.enter(path) and NEVER.isdisjoint(path.split("/")):
            shown = self.at(path) if path else self.folder
            to_do = "leave it out with --exclude, or mend that"
            self.unread(f"{shown}: cannot be read: {reason}; {to_do}")

    def at(self, path: str) -> str:
        """Give the path of something as it is told and opened."""
        path = path.replace("/", os.sep)
        return path if self.folder == os.curdir else os.path.join(self.folder, path)

    def of(self, listed: bytes, ahead: str = "") -> tuple[list[str], list[tuple[str, str]]]:
        """Give those of git's paths that are wanted, on disk, and where a walk would come to.

        The paths have NUL between them; `ahead` leads to the folder that they are seen from. In the
        order of a walk: the files of a folder, then the folders in it. With them the referrers,
        each with its kind, in no order; of these nothing is told but their names.
        """
        signs = {*SIGNS, *(sign for kind in self._hosts for sign in HOST_SIGNS[kind])}
        signs.update(REFERRER_SIGNS if self.references is not None else ())
        paths = set(listed.split(b"\0") if self._include else _signed(listed, signs))
        found: list[str] = []
        referrers: list[tuple[str, str]] = []
        for path in paths:
            text = ahead + os.fsdecode(path)
            *folders, name = text.split("/")
            wanted, kind = self.file(text, name), self.refers(text, name)
            if (wanted or kind) and NEVER.isdisjoint(folders):
                if wanted and self.is_entered(folders) and os.path.isfile(self.at(text)):
                    found.append(text)
                if kind:
                    referrers.append((text, kind))
        return sorted(found, key=order), referrers

    def is_entered(self, folders: list[str]) -> bool:
        """Tell whether a walk would enter a folder, as far as that is not told by names."""
        path = ""
        for each in folders:
            path = f"{path}/{each}" if path else each
            known = self._entered.get(path)
            if known is None:
                at = self.at(path)
                known = not (os.path.islink(at) or os.path.lexists(os.path.join(at, VENV)))
                self._entered[path] = known
            if not known:
                return False
        return True


def order(path: str) -> list[str]:
    """Give what sorts paths as a walk comes to them."""
    *folders, name = path.split("/")
    return [*("1" + each for each in folders), "0" + name]


def _signed(listed: bytes, signs: Iterable[bytes]) -> Iterator[bytes]:
    """Give those of paths with NUL between them that hold a sign of a name that is wanted.

    Without taking the others apart, of which there may be a hundred thousand.
    """
    for sign in signs:
        at = listed.find(sign)
        while at >= 0:
            end = listed.find(b"\0", at)
            end = len(listed) if end < 0 else end
            yield listed[listed.rfind(b"\0", 0, at) + 1 : end]
            at = listed.find(sign, end)


def below(
    folder: str,
    search: Search,
    revision: Revision | None,
    unread: Callable[[str], None],
    references: References | None = None,
) -> Iterator[str]:
    """Give the Dockerfiles and hosts below a folder, as `pipslim.files.find.find` does for each."""
    found = Found(folder, search, unread, references)
    if revision is None:
        paths = _below(found, "", gitignore=search.gitignore)
    else:
        paths = _changed(found, revision.below(folder), gitignore=search.gitignore)
    return _once(map(found.at, paths))


def _changed(found: Found, changed: bytes, *, gitignore: bool) -> list[str]:
    """Give what is wanted of the files that differ from a revision."""
    paths, _ = found.of(changed)
    if found.references is not None:
        rest = {os.fsdecode(each) for each in changed.split(b"\0")}.difference(paths)
        # most changes are of no file that one could refer to; then nothing is looked for
        if any(os.path.isfile(at) and found.references.may(at) for at in map(found.at, rest)):
            everything = _below(found, "", gitignore=gitignore)
            return sorted([*paths, *rest.intersection(everything)], key=order)
    return paths


def _once(paths: Iterable[str]) -> Iterator[str]:
    """Leave out links to a file that is there itself, or by a link ahead.

    Otherwise a diff would change it twice, and no patch can change what is a link.
    """
    found = [(path, os.path.islink(path)) for path in paths]
    seen: set[str] = set()
    if any(is_link for _, is_link in found):
        seen = {os.path.realpath(path) for path, is_link in found if not is_link}
    for path, is_link in found:
        if is_link:
            target = os.path.realpath(path)
            if target in seen:
                continue
            seen.add(target)
        yield path


def _below(found: Found, ahead: str, *, gitignore: bool) -> list[str]:
    """Give what is wanted below one of the folders; `ahead`, with a `/` behind, leads to it."""
    folder = found.at(ahead) if ahead else found.folder
    top = work_tree(folder)
    if top is not None and gitignore:
        listed = _listed(found, folder, top)
        if listed is not None:
            paths, referrers = found.of(listed, ahead)

            def listing(some: Iterable[str]) -> list[str]:
                cut = {os.fsencode(each[len(ahead) :]) for each in some if each.startswith(ahead)}
                return [ahead + os.fsdecode(each) for each in cut.intersection(listed.split(b"\0"))]

            return _with_referred(found, top, paths, referrers, listing)
    ignores = None
    if gitignore:
        ignores = Ignores() if top is None else held_above(top, folder)

    def enter(path: str) -> bool:
        return found.enter(ahead + path)

    def tell(path: str, reason: str) -> None:
        found.tell((ahead + path).rstrip("/"), reason)

    paths, referrers = [], []
    visits: dict[str, Visit] = {}
    for visit in walk(folder, ignores, enter, tell):
        inner = f"{ahead}{visit.path}/" if visit.path else ahead
        if visit.other:
            if top is None:
                paths += _below(found, inner, gitignore=gitignore)
            continue
        if found.references is not None:
            visits[visit.path] = visit
        for name in visit.files:
            path = inner + name
            wanted, kind = found.file(path, name), found.refers(path, name)
            if wanted or kind:
                cut = path[len(ahead) :]
                if visit.ignores.leave_out(os.fsencode(cut), is_dir=False):
                    continue
                if wanted and os.path.isfile(found.at(path)):
                    paths.append(path)
                if kind:
                    referrers.append((path, kind))

    def has(path: str) -> bool:
        inner, _, name = path[len(ahead) :].rpartition("/")
        visit = visits.get(inner) if path.startswith(ahead) else None
        if visit is None or name not in visit.files:
            return False
        return not visit.ignores.leave_out(os.fsencode(path[len(ahead) :]), is_dir=False)

    return _with_referred(found, top, paths, referrers, lambda some: filter(has, some))


def _with_referred(
    found: Found,
    top: str | None,
    paths: list[str],
    referrers: list[tuple[str, str]],
    has: Callable[[Iterable[str]], Iterable[str]],
) -> list[str]:
    """Add to paths what referrers name; `has` gives those of some that are searched."""
    if found.references is None or not referrers:
        return paths
    from pipslim.files.referred import referred

    more = referred(found, top, paths, sorted(referrers), has)
    for each in more:
        insort(paths, each, key=order)
    return paths


def _listed(found: Found, folder: str, top: str) -> bytes | None:
    """Give git's listing of a folder; None if it has none, or the folder itself is ignored.

    A folder that is named is searched all the same; whoever named it means it.
    """
    from pipslim.files.git import ignores, listing

    ahead = os.fsdecode(_ahead(top, folder))
    answer = listing(folder, sorted(NEVER.difference(ahead.split("/"))))
    if answer is None or (not answer.paths and ignores(top, folder)):
        return None
    for path, reason in answer.unread:
        if path.startswith(ahead):
            found.tell(path[len(ahead) :], reason)
    return answer.paths


def _ahead(top: str, folder: str) -> bytes:
    """Give what leads from the top of a work tree to a folder, with `/` behind."""
    path = os.path.relpath(os.path.realpath(folder), top).replace(os.sep, "/")
    return b"" if path == os.curdir else os.fsencode(path) + b"/"
