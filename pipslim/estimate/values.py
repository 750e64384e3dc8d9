"""What an estimate says, and the words about addresses that every part of it shares."""

from __future__ import annotations

from pipslim.syntax.startup import NamedTuple, lazy

_USER = lazy(r"(\w://)[^/\s]*@")
_QUERY = lazy(r"(\w://[^\s?#]*)\?[^\s#]*")


class CachedFile(NamedTuple):
    """A file that pip downloads and keeps: project, version, file name, its size in bytes.

    `why` is the requirement that asks for it, or the project and version that depends on it.
    """

    name: str
    version: str
    file: str
    bytes: int
    why: str


class Unseen(NamedTuple):
    """What an estimate could not see: its line in the Dockerfile, what it is, and why."""

    line: int
    what: str
    why: str


class Estimate(NamedTuple):
    """What pip's cache would leave in the image, all in bytes.

    `cache` is the sum of `files` and of `other`: index pages, metadata and the headers that pip
    keeps with each answer. The true value is between `low` and `high`, as far as `unseen` does not
    say otherwise.
    """

    cache: int
    low: int
    high: int
    files: tuple[CachedFile, ...]
    unseen: tuple[Unseen, ...]
    other: int = 0


def without_secrets(text: str) -> str:
    """Give a text whose addresses have neither user nor password nor query."""
    return _QUERY.sub(r"\1", _USER.sub(r"\1", text))
