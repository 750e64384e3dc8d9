"""What a run rewrites: the Dockerfiles that are found, and the files that hold some."""

from __future__ import annotations

from pipslim.files import disk
from pipslim.files.find import find
from pipslim.runner import Job
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.settings.book import Book


def jobs(book: Book, unread: list[str]) -> Iterator[Job]:
    """Give the files to rewrite, each with what holds for it; add what cannot be searched.

    A file that may hold Dockerfiles is read for a sign of one, so that others are not asked about.
    Raises Unreachable and BadSetting.
    """
    paths = book.arguments.paths or (".",)
    for path in find(paths, book.search, unread.append):
        choice = book.settled(path)
        if choice is None:
            continue
        carrier = book.carrier(path)
        if not carrier or _holds(path, carrier) or path in paths:
            yield Job(path, choice, book.context(path), book.follows(path), carrier)


def _holds(path: str, kind: str) -> bool:
    """Tell whether a file has a sign of what its kind of host holds, or cannot be read."""
    from pipslim.carriers import BY_KIND

    try:
        data = disk.read(path)
    except disk.Unreachable:
        return True  # that is told, later
    return any(sign in data for sign in BY_KIND[kind].signs)
