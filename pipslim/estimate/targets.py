"""For which Python and system a pip call takes its files."""

from __future__ import annotations

import re

from packaging.tags import compatible_tags, cpython_tags
from packaging.version import Version

from pipslim.facts.images import Origin
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.tags import Tag

    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts

_ASSUMED = (3, 12)
_GLIBC = 41  # Debian 13's
_MUSL = 2
_SPELLED = lazy(r"(?:python|pip-?|/)(\d)(?:\.(\d+))?")
_ALPINE = lazy(r"(?:^|/)alpine(?::|$)|:\S*alpine")
_ARM = lazy(r"\b(?:arm64|aarch64)\b")
# The first pips that know them: PEP 571, PEP 599, PEP 600 and PEP 656.
_MANYLINUX_2010 = (19, 0)
_MANYLINUX_2014 = (19, 3)
_PERENNIAL = (20, 3)
_MUSLLINUX = (21, 2)
_FIRST_JSON = (22, 2)


class Target(NamedTuple):
    """A Python on Linux: its version, the tags it takes with their ranks, its markers.

    `assumed` says what of it is a guess, or nothing. `bare` tells that the image has no projects
    but `there`, of which a version is known, and `maybe`, of which none is. `html` tells that its
    pip reads HTML pages alone; `oldest` is what that pip is at least.
    """

    python: str
    tags: Mapping[Tag, int]
    marker: Mapping[str, str]
    assumed: str
    bare: bool
    there: Mapping[str, Version]
    maybe: frozenset[str]
    html: bool
    oldest: tuple[int, ...]
    name: str

    def __str__(self) -> str:
        return self.name


def target(use: Use, stage: StageFacts) -> Target:
    """Give the Python and the system of a pip call.

    Python is what the call's own words say, else what is known of its pip, else of the base image,
    else 3.12. The machine is x86_64 unless FROM's platform is arm64; glibc is a recent one, musl
    where the image is Alpine's.
    """
    image, reference = stage.image, stage.chain()[0].reference or ""
    spelled = _SPELLED.search(use.call.spelling)
    known = list(image.python) if image is not None else []
    known = [use.pip.python, *known] if use.pip.python else known
    if spelled is not None:
        known = [each for each in known if each[:1] == (int(spelled[1]),)]
        if spelled[2] is not None:
            known = [(int(spelled[1]), int(spelled[2]))]
    known = [each for each in known if len(each) > 1]
    assumed = ""
    if not known:
        assumed = f"which Python it has is not known; {_dotted(_ASSUMED)} was assumed"
    version = known[0] if known else _ASSUMED
    if "pypy" in reference or "pypy" in use.call.spelling:
        assumed = f"PyPy's files are not known; those of CPython {_dotted(version[:2])} were taken"
    machine = "aarch64" if _ARM.search(stage.chain()[0].platform) else "x86_64"
    alpine = _ALPINE.search(reference) is not None
    oldest, newest = use.pip.low, use.pip.high
    if use.pip.origin == "base" and image is not None:
        oldest = max(oldest, image.pip_min or ())
        newest = min(newest, image.pip_max or newest)
    platforms = list(_musl(machine, newest) if alpine else _glibc(machine, newest))
    # with a patch that is not known, one that is late: what a project excludes are early ones
    full = _dotted(version if len(version) > 2 else (*version, 99))
    official = re.search(r"(?:^|/)python(?::|@|$)", reference) is not None
    packaged = image is not None and image.origin is Origin.PACKAGES
    there: dict[str, Version] = {}
    if oldest and oldest == newest:
        there["pip"] = Version(_dotted(oldest))
    # official images from 3.12 on have pip alone, as ensurepip has
    brought = {"pip"} if official and version >= (3, 12) else {"pip", "setuptools", "wheel"}
    marker = {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": _dotted(version[:2]),
        "sys_platform": "linux" if version[0] > 2 else "linux2",
    }
    name = f"Python {_dotted(version[:2])} on {'musl' if alpine else 'glibc'}, {machine}"
    tags = {tag: rank for rank, tag in reversed(list(enumerate(_tags(version[:2], platforms))))}
    html = newest < _FIRST_JSON
    bare = official or packaged
    maybe = frozenset(brought - {*there})
    return Target(full, tags, marker, assumed, bare, there, maybe, html, oldest, name)


def _tags(version: tuple[int, ...], platforms: list[str]) -> Iterator[Tag]:
    """Give the tags that a CPython takes, the best first."""
    short = f"cp{version[0]}{version[1]}"
    abi = short
    if version < (3,):
        abi = f"{short}mu"
    elif version < (3, 8):
        abi = f"{short}m"
    yield from cpython_tags(version, [abi], platforms)
    yield from compatible_tags(version, short, platforms)


def _glibc(machine: str, pip: tuple[int, ...]) -> Iterator[str]:
    old = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
    since = {5: (0,), 12: _MANYLINUX_2010, 17: _MANYLINUX_2014}
    for minor in range(_GLIBC, 4, -1):
        if pip >= _PERENNIAL:
            yield f"manylinux_2_{minor}_{machine}"
        if minor in old and pip >= since[minor]:
            yield f"{old[minor]}_{machine}"
    yield f"linux_{machine}"


def _musl(machine: str, pip: tuple[int, ...]) -> Iterator[str]:
    if pip >= _MUSLLINUX:
        for minor in range(_MUSL, -1, -1):
            yield f"musllinux_1_{minor}_{machine}"
    yield f"linux_{machine}"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in version)
