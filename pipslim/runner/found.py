"""What a run rewrites: the Dockerfiles that are found, and the files that hold some."""

from __future__ import annotations

from pipslim.files import disk
from pipslim.files.above import is_folder
from pipslim.files.find import find
from pipslim.files.names import is_test
from pipslim.runner import Job
from pipslim.syntax.source import decode
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.runner.references import References
    from pipslim.settings.book import Book


def jobs(book: Book, unread: list[str]) -> Iterator[Job]:
    """Give the files to rewrite, each with what holds for it; add what cannot be searched.

    A file that may hold Dockerfiles is read for a sign of one, so that others are not asked about;
    so is one that may name some. Python modules of tests are left out, where they are not named.
    Raises Unreachable and BadSetting.
    """
    paths = book.arguments.paths or (".",)
    references: References | None = None
    if any(map(is_folder, paths)):
        from pipslim.runner.references import References

        references = References(book)
    for path in find(paths, book.search, unread.append, references):
        named, signed = None, None
        if references is not None:
            named, signed = references.kinds.get(path), references.signed.get(path)
        if signed is False and path not in paths:
            continue
        choice = book.settled(path, referred=named is not None)
        if choice is None:
            continue
        carrier = book.carrier(path)
        if named and not carrier:
            if named not in book.at(path).carriers:
                continue
            carrier = named
        if carrier == "python" and path not in paths and is_test(_below(path, paths)):
            continue
        if carrier and not signed:
            kind = _looked_into(path, carrier)
            if kind is None and path not in paths:
                continue
            carrier = carrier if kind is None else kind
        yield Job(path, choice, book.context(path), book.follows(path), carrier)


def kind_of(text: str, kind: str) -> str:
    """Give the kind of host that a text is looked into as, where its name says `kind`.

    A template without a hole is no host but a Dockerfile, whatever it is called: it is in all
    respects what it would be under that name, so also told where it cannot be read as one.
    """
    if kind != "template":
        return kind
    from pipslim.carriers.part import Unreadable
    from pipslim.carriers.tags import tags

    try:
        return kind if next(tags(text), None) is not None else ""
    except Unreadable:
        return kind


def _below(path: str, paths: Sequence[str]) -> str:
    """Give a path as seen from the folder among `paths` that it was found in."""
    tops = [each for each in paths if path.startswith(each.rstrip("/") + "/")]
    return path[max(map(len, tops), default=0) :].lstrip("/")


def _looked_into(path: str, kind: str) -> str | None:
    """Give the kind that a file is looked into as; None without a sign of a Dockerfile in it."""
    from pipslim.carriers import BY_KIND

    try:
        data = disk.read(path)
    except disk.Unreachable:
        return kind  # that is told, later
    if not kind_of(decode(data), kind):
        return ""
    return kind if BY_KIND[kind].may_be_in(data) else None
