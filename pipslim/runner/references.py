"""Files that name Dockerfiles, as a run reads them: by what is in force where they lie."""

from __future__ import annotations

from pipslim.files import disk
from pipslim.files.names import is_told_by_name
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.settings.book import Book


class References:
    """See `pipslim.files.referred.References`.

    `kinds` has what was found by them: for each path its kind, see
    `pipslim.carriers.references.Reference`. `signed` tells of hosts that were read whether they
    have a sign of what they hold.
    """

    __slots__ = ("_book", "kinds", "signed")

    def __init__(self, book: Book) -> None:
        self._book = book
        self.kinds: dict[str, str] = {}
        self.signed: dict[str, bool] = {}

    def read(self, path: str, kind: str) -> Iterator[tuple[str, str]]:
        """Give the paths that a file names, each with its kind; none for one that is left out."""
        from pipslim.carriers import BY_KIND as HOSTS
        from pipslim.carriers.references import BY_KIND

        try:
            data = disk.read(path)
        except disk.Unreachable:
            return  # for a host that is told, later
        if kind in HOSTS:
            self.signed[path] = HOSTS[kind].may_be_in(data)
        book = self._book
        named = BY_KIND[kind].of(data, is_told_by_name)
        if named and book.at(path).carriers and not book.excludes(path, referred=True):
            yield from named

    def may(self, path: str) -> bool:
        """Tell whether a file may be a Dockerfile or a host that is named."""
        return self._is(path, "") or path.endswith((".yml", ".yaml"))

    def take(self, path: str, kind: str) -> bool:
        """Tell whether a file that is named may be what it is named as; keep in mind that it is."""
        if not kind and not self._is(path, kind):
            return False
        self.kinds.setdefault(path, kind)
        return True

    def _is(self, path: str, kind: str) -> bool:
        from pipslim.carriers.references import looks_like_one

        try:
            return looks_like_one(disk.read(path))
        except disk.Unreachable:
            return False
