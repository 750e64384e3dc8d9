"""What a base image brings: its pip, its Python and its default user, by the text after FROM.

The facts are the rows of `images.tsv` beside this file, where the first row that fits wins:

    image       glob on the repository, in lower case; a mirror counts as what it copies
    tag         globs on the tag, separated by blanks; a reference without a tag has `latest`
    pip_min     oldest pip that the tag can have; empty: not known
    pip_max     newest pip that it can have; empty: open, or not known
    oldest      oldest pip that the tag ever had, which is what a digest can name; empty: not known
    origin      `image`: pip is there; `packages`: only once the distribution's package manager has
                installed it; `none`: no pip and no shell; `windows`: no POSIX shell
    python      versions of Python, separated by `/`; empty: not known, or moves with the tag
    user        the user that a stage begins with; empty: not known
    managed     `yes`: marked EXTERNALLY-MANAGED (PEP 668)
    confidence  `high`, `medium` or `low`; what a `low` row says of pip decides nothing
    source      where the row was read
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from pipslim.syntax.startup import NamedTuple, lazy

Version = tuple[int, ...]

_NUMBERS = lazy(r"\d+(?:\.\d+)*")
FIRST_GOOD_PIP: Version = (19, 0, 2)
"""The first pip that takes every way of turning its cache off without crashing."""


class Age(Enum):
    """How a base image's pip stands to `FIRST_GOOD_PIP`."""

    NEW = "new"
    OLD = "old"
    UNKNOWN = "unknown"


class Origin(Enum):
    """Where the pip of a stage on this base image comes from."""

    IMAGE = "image"
    PACKAGES = "packages"
    NONE = "none"
    WINDOWS = "windows"


class Image(NamedTuple):
    """One row of the table, as it holds for one reference."""

    pip_min: Version | None
    pip_max: Version | None
    origin: Origin
    python: tuple[Version, ...]
    user: str | None
    managed: bool
    source: str
    certain: bool = True
    """False for a row of low confidence."""

    @property
    def age(self) -> Age:
        """Whether this pip is new, old, or can't be told: a range on both sides, a row of guesses.

        Where the origin is `PACKAGES` it is the age of the pip that gets installed.
        """
        if self.managed:  # the mark is younger than any old pip: pip has known it since 23.0
            return Age.NEW
        if not self.certain:
            return Age.UNKNOWN
        if self.pip_min is not None and self.pip_min >= FIRST_GOOD_PIP:
            return Age.NEW
        if self.pip_max is not None and self.pip_max < FIRST_GOOD_PIP:
            return Age.OLD
        return Age.UNKNOWN


def parse_version(text: str) -> Version:
    """Return the numbers that `text` begins with: '19.0.1' gives (19, 0, 1), 'latest' gives ()."""
    numbers = _NUMBERS.match(text) if text[:1].isdigit() else None
    return tuple(map(int, numbers[0].split("."))) if numbers is not None else ()


@lru_cache(maxsize=4096)
def find_image(reference: str) -> Image | None:
    """Return what is known of the image that `reference` names, or None if no row names it.

    The reference is the text after FROM, with its variables already expanded. Three things make
    it say less than its row does. A variable that is left, or a digest without a tag: None. A
    digest beside a tag: the image may be any that the tag ever named, so its pip is `oldest` or
    later. `latest` on somebody's own mirror: likewise, for nobody knows when it was copied.
    """
    if "$" in reference:
        return None
    path, tag, pinned = _split(reference)
    if not tag:
        return None
    for name, copied in _names(path):
        row = _find_row(name, tag)
        if row is not None:
            return _image(row, any_build=pinned or (copied and tag == "latest"))
    return None


def names_new_python(reference: str) -> bool:
    """Tell whether an image's name or tag says a Python from 3.8 on: `acme/python:3.11-slim`.

    No pip older than 19.2.3 has ever come with such a Python, whoever made the image.
    """
    return _NEW_PYTHON.search(reference.partition("@")[0].lower()) is not None


def matches(reference: str, pattern: str) -> bool:
    """Tell whether `pattern`, an `image` or an `image:tag` with globs, names the `reference`.

    It names a mirror's copy as well, by the rules of `find_image`. An image alone takes any tag,
    and any digest, even one that an unexpanded variable hides.
    """
    path, tag, _ = _split(reference)
    wanted, wanted_tag = _split_tag(pattern)
    if wanted_tag and not _fits(tag, wanted_tag):
        return False
    host, slash, rest = wanted.partition("/")
    if slash and host in _HUB:
        wanted = rest
    wanted = wanted.removeprefix("library/")
    return _fits(path, wanted) or any(_fits(name, wanted) for name, _ in _names(path))


# `python:3.11`, `python3.9`, `python-3.12`, `py310`, `pytorch:2.1-py3.10`
_NEW_PYTHON = lazy(r"(?<![a-z])py(?:thon)?[-_:]?3\.?(?:[89]|1\d)(?!\d)")

# -- references ------------------------------------------------------------------------------------

_HUB = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
    | {"mirror.gcr.io"}  # copies Docker Hub whole, users' repositories too
)

# Docker Hub's namespaces of official images: all of them, and those of one architecture.
_OFFICIAL = frozenset(
    {"library", "amd64", "i386", "arm32v5", "arm32v6", "arm32v7", "arm64v8"}
    | {"mips64le", "ppc64le", "riscv64", "s390x"}
)

# Registries where people publish what they built, so that a familiar last name proves nothing.
_PUBLISHERS = frozenset(
    {"cgr.dev", "gcr.io", "ghcr.io", "lscr.io", "mcr.microsoft.com", "nvcr.io", "public.ecr.aws"}
    | {"quay.io", "registry.gitlab.com"}
)


def _split(reference: str) -> tuple[str, str, bool]:
    """Return path, tag and whether there is a digest; a digest alone leaves the tag empty."""
    text, at, _ = reference.strip().partition("@")
    path, tag = _split_tag(text)
    return path, tag or ("" if at else "latest"), bool(at)


def _split_tag(text: str) -> tuple[str, str]:
    """Cut at the colon of the tag, not at that of a port; the path in lower case."""
    head, slash, last = text.rpartition("/")
    last, _, tag = last.partition(":")
    return (head + slash + last).lower(), tag


def _names(path: str) -> list[tuple[str, bool]]:
    """Return the names that `path` may have in the table, the fullest first.

    Each says whether that name takes the path for a copy in somebody's own registry:

        docker.io/library/python         library/python, python
        someuser/python                  someuser/python (their own image, not a mirror)
        ghcr.io/someuser/python          ghcr.io/someuser/python (likewise)
        registry.corp/hub/nvidia/cuda    that, then the copies hub/nvidia/cuda, nvidia/cuda, cuda
    """
    host, slash, rest = path.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = "docker.io", path
    parts = rest.split("/")
    if host in _HUB:
        names = [(rest, False)]
        published = len(parts) <= 2
    else:
        names = [(path, False)]
        published = host in _PUBLISHERS or host.endswith(".gcr.io")
    for at, part in enumerate(parts):
        owner = parts[at - 1] if at else ""
        # quay.io/fedora/fedora, rockylinux/rockylinux: a distribution in a namespace of its own
        if at == len(parts) - 1 and (owner in _OFFICIAL or owner == part):
            names.append((part, False))
        elif not published:
            names.append(("/".join(parts[at:]), True))
    return names


# -- the table -------------------------------------------------------------------------------------

_GLOB_SIGNS = lazy(r"[*?\[]")

# Number, image, tags, and the rest of the line: most rows are never looked at, so never parsed.
_Row = tuple[int, str, str, str]


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, list[_Row]], list[tuple[str, _Row]]]:
    """Return the rows by the last part of their image, and those where that part is a glob.

    The latter with what stands ahead of the first sign of the glob.
    """
    named: dict[str, list[_Row]] = {}
    globbed: list[tuple[str, _Row]] = []
    with open(f"{__file__.rpartition('images')[0]}images.tsv", encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines[1:]):
        image, tags, rest = line.split("\t", 2)
        last = image.rpartition("/")[2]
        row = number, image, tags, rest
        if _is_glob(last):
            globbed.append((_GLOB_SIGNS.split(image, maxsplit=1)[0], row))
        else:
            named.setdefault(last, []).append(row)
    return named, globbed


def _find_row(name: str, tag: str) -> str | None:
    named, globbed = _table()
    rows = [row for head, row in globbed if name.startswith(head)]
    rows += named.get(name.rpartition("/")[2], [])
    for _, image, tags, rest in sorted(rows) if len(rows) > 1 else rows:
        if image == name or _fits(name, image):
            for glob in tags.split():
                if _fits(tag, glob):
                    return rest
    return None


def _image(row: str, *, any_build: bool) -> Image:
    pip_min, pip_max, oldest, origin, python, user, managed, confidence, source = row.split("\t")
    return Image(
        pip_min=parse_version(oldest if any_build else pip_min) or None,
        pip_max=parse_version(pip_max) or None,
        origin=Origin(origin),
        python=tuple(parse_version(version) for version in python.split("/") if version),
        user=user or None,
        managed=bool(managed) and bool(oldest or not any_build),
        source=source,
        certain=confidence != "low",
    )


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text or "[" in text


def _fits(text: str, glob: str) -> bool:
    """Match a glob whose `*` crosses slashes; the common kinds without compiling anything."""
    if glob == "*":
        return True
    head, star, tail = glob.partition("*")
    if _is_glob(tail) or "?" in head or "[" in head:
        from fnmatch import fnmatchcase

        return fnmatchcase(text, glob)
    if not star:
        return text == glob
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
