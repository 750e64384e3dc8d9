"""The pips of a stage: where each comes from, how old it is at each call, and what brought it."""

from __future__ import annotations

from functools import lru_cache

from pipslim.facts.images import FIRST_GOOD_PIP, Age, Origin, Version, parse_version
from pipslim.syntax.script import HOLE
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.facts.images import Image
    from pipslim.facts.pipcalls import PipCall
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body
    from pipslim.syntax.script import Word

NEWEST: Version = (9999,)
FIRST_WITH_CACHE: Version = (6,)


class Bringer(NamedTuple):
    """The command that brings a pip: the instruction's number, the program in its script."""

    instruction: int
    body: Body | None
    program: Program | None


class Pip(NamedTuple):
    """What is known of a pip: its oldest and newest possible version, and where it is from.

    `origin` is `base`, `packages` (the distribution's), `installer` (get-pip.py, conda, built from
    source), `upgrade`, `pin` (a version that the file asks for), `venv`, or `unseen`. `bringer` is
    None for what the base image brings. `python` is its Python's version, empty if not known.
    """

    low: Version
    high: Version
    origin: str
    bringer: Bringer | None
    python: Version

    @property
    def age(self) -> Age:
        """How it stands to `FIRST_GOOD_PIP`."""
        if self.low >= FIRST_GOOD_PIP:
            return Age.NEW
        return Age.OLD if self.high < FIRST_GOOD_PIP else Age.UNKNOWN

    @property
    def rejects_flag(self) -> bool:
        """Whether it is older than pip's cache, and takes `--no-cache-dir` for an error."""
        return self.high < FIRST_WITH_CACHE


class Use(NamedTuple):
    """A pip call in its place, and the pip that it reaches.

    `identity` tells one pip of a stage from another. `upgrades` tells that the call makes its pip
    new. `instruction` is the number of the call's
    instruction, `start` where that begins in the file.
    """

    call: PipCall
    identity: str
    pip: Pip
    instruction: int
    start: int
    onbuild: bool
    upgrades: bool

    @property
    def crashes(self) -> bool:
        """Whether this pip may crash where a true value turns its cache off."""
        return self.pip.age is not Age.NEW and not self.pip.rejects_flag

    def span(self) -> Span:
        """Give the span in the file from pip's name to the subcommand."""
        call = self.call
        start = self.start + call.place(call.program.words[0].start)
        return record(Span, (start, self.after(call.anchor)))

    def after(self, word: Word) -> int:
        """Give the place in the file right behind a word's last character."""
        return self.start + self.call.place(word.end - 1) + 1


class StagePips(NamedTuple):
    """The pip calls of a stage in order, what could not be decided, and what else makes pips.

    `writes` tells that one of the calls is an install, a wheel or a download. `undecided` are
    places in the file, each with its reason. `bundled` are pips inside virtual
    environments and other pips that no upgrade can reach; `state` is what each identity is at the
    end, for the stages that start from this one.
    """

    uses: tuple[Use, ...]
    writes: bool
    undecided: tuple[tuple[int, str], ...]
    bundled: tuple[Pip, ...]
    state: Mapping[str, Pip]


_CLAUSE = lazy(r"(===|==|~=|<=|>=|!=|<|>)\s*([^,\s]+)")
NEVER_NEW: tuple[Version, ...] = ((2, 6), (3, 2), (3, 3))  # no pip from 19.0.2 on runs on these

UNSEEN = Pip((), NEWEST, "unseen", None, ())


def base_pip(image: Image | None, assumed: Version | None) -> Pip:
    """Give the pip that a base image brings; `assumed` is the user's word for an unknown one."""
    if image is not None and image.origin is not Origin.PACKAGES:
        python = image.python[0] if image.python else ()
        if image.age is Age.NEW:
            return Pip(max(image.pip_min or (), FIRST_GOOD_PIP), NEWEST, "base", None, python)
        if image.age is Age.OLD:
            return Pip(image.pip_min or (), image.pip_max or NEWEST, "base", None, python)
        if assumed is None:
            return Pip((), NEWEST, "base", None, python)
    if assumed is not None:
        return Pip(assumed, assumed, "base", None, ())
    if image is not None and image.age is Age.NEW:
        # whatever installs pip on such a distribution, it is none from before 2019
        return Pip(FIRST_GOOD_PIP, NEWEST, "base", None, ())
    return UNSEEN if image is not None else UNSEEN._replace(origin="base")


@lru_cache(maxsize=256)
def identity(spelling: str) -> str:
    """Give a name that all spellings of one pip share: `pip3` and `python3 -m pip` are `3`.

    A path keeps its folder: `/venv/bin/pip` and `/venv/bin/python -m pip` are `/venv/bin/`.
    """
    first = spelling.split(None, 1)[0].strip("\"'") if spelling else ""
    folder, _, name = first.rpartition("/")
    version = name.removeprefix("python").removeprefix("pypy").removeprefix("pip").lstrip("-")
    if folder in ("/usr/bin", "/usr/local/bin"):
        folder = ""
    return f"{folder}/{version}" if folder else version


def bounds(clauses: str) -> tuple[Version, Version]:
    """Give the oldest and newest version that a requirement's clauses allow."""
    low: Version = ()
    high = NEWEST
    for operator, text in _CLAUSE.findall(clauses):
        if HOLE in text:
            if operator in ("==", "===", "<", "<=", "~="):
                low = ()
                high = max(high, FIRST_GOOD_PIP)
            continue
        version = parse_version(text)
        if operator in ("==", "==="):
            return version, version
        if operator == "~=":
            low, high = max(low, version), min(high, (*version[:-1], 999))
        elif operator in (">=", ">"):
            low = max(low, version)
        elif operator == "<=":
            high = min(high, version)
        elif operator == "<":
            high = min(high, _before(version))
    return low, high


def _before(version: Version) -> Version:
    """Give a version that stands for all those right before another: 20.3 gives 20.2.999."""
    numbers = list(version)
    while numbers and numbers[-1] == 0:
        numbers.pop()
    if not numbers:
        return ()
    numbers[-1] -= 1
    return (*numbers, 999)
