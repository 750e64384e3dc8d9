"""Follows the pips of a stage, command by command: what brings one, upgrades it, calls it."""

from __future__ import annotations

import re

from pipslim.facts.images import FIRST_GOOD_PIP, Age, Origin, Version, parse_version
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.facts.pips import (
    FIRST_WITH_CACHE,
    NEVER_NEW,
    NEWEST,
    UNSEEN,
    Bringer,
    Pip,
    StagePips,
    Use,
    bounds,
    identity,
)
from pipslim.syntax.script import HOLE
from pipslim.syntax.startup import TYPE_CHECKING, lazy, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipslim.facts.bringers import Brings
    from pipslim.facts.images import Image
    from pipslim.facts.pipcalls import PipCall, Undecided
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Run, Step
    from pipslim.syntax.document import Instruction

_PIP_REQUIREMENT = lazy(r"pip(?:\[.*\])?\s*((?:[=<>!~]=?=?).*)?$", re.IGNORECASE)
_MAY_NAME = "pPv"  # what pip and virtualenv begin with
_GET_PIP_OF = lazy(r"/(2\.6|3\.2|3\.3)/get-pip\.py")
# The last pip for each such Python, which its get-pip.py brings (pypa/get-pip).
_LAST_PIPS: dict[Version, Version] = {(2, 6): (9, 0, 3), (3, 2): (7, 1, 2), (3, 3): (10, 0, 1)}
_PYTHON_VERSION = lazy(r"(?:python|pypy|pip-?)(\d[\d.]*)$")
_PYTHON_PATH = lazy(r"python(3\.\d+)")
_INSTALLER = lazy(
    r"(?:Mini|Ana)conda\d?-(\S+?)-Linux|(Miniforge|Mambaforge|Micromamba)", re.IGNORECASE
)
_BUILT = lazy(r"Python-(\d+\.\d+(?:\.\d+)?)")
_NEW_OPTIONS = (
    "--break-system-packages",
    "--root-user-action",
    "--use-feature",
    "--use-deprecated",
)
_SHORT_UPGRADE = lazy(r"-[a-zA-Z]*U[a-zA-Z]*$")
_UPGRADES = ("-U", "--upgrade", "--upgrade-strategy", "--force-reinstall", "-I")
# The pip inside a virtual environment is ensurepip's: by the version of Python.
# Source: CPython's history of Lib/ensurepip/__init__.py.
_FIRST_NEW_ENSUREPIP: Version = (3, 7, 3)


class Tracker:
    """Follows the pips of one stage, command by command."""

    __slots__ = (
        "_base",
        "_bundled",
        "_image",
        "_single",
        "_state",
        "_undecided",
        "_uses",
        "_writes",
    )

    def __init__(
        self,
        image: Image | None,
        base: Pip,
        state: Mapping[str, Pip] | None,
    ) -> None:
        self._image = image
        self._base = base
        self._state: dict[str, Pip] = dict(state or {})
        self._uses: list[Use] = []
        self._writes = False
        self._undecided: list[tuple[int, str]] = []
        self._bundled: list[Pip] = []
        # an official image has one Python, and `pip` and `pip3` are the same there
        self._single = image is not None and image.origin is Origin.IMAGE

    def take(
        self,
        number: int,
        instruction: Instruction,
        run: Run,
        steps: Iterable[Step],
        undecided: Iterable[Undecided],
    ) -> None:
        """Take in a RUN: its number, what it executes, the steps of that which matter."""
        onbuild = instruction.keyword == "ONBUILD"
        for offset, reason in undecided:
            self._undecided.append((instruction.start + offset, reason))
        if run.installs:
            self._installers(record(Bringer, (number, None, None)), run.installs)
        for body, program, call, brings in steps:
            bringer = record(Bringer, (number, body, program))
            if call is not None:
                self._call(call, bringer, instruction.start, onbuild)
            elif brings is not None and not onbuild:
                self._brought(bringer, program, brings, run.installs)

    def done(self) -> StagePips:
        """Give what was found."""
        return StagePips(
            tuple(self._uses),
            self._writes,
            tuple(self._undecided),
            tuple(self._bundled),
            self._state,
        )

    # -- calls ---------------------------------------------------------------------------------

    def _call(self, call: PipCall, bringer: Bringer, start: int, onbuild: bool) -> None:
        name = self._canonical(identity(call.spelling))
        pip = self._known(name)
        if pip.age is not Age.NEW and _shows_new(call):
            pip = pip._replace(low=FIRST_GOOD_PIP, high=NEWEST)
        upgrades = False
        if call.subcommand == "install" and not onbuild:
            for _, _, value in call.options:
                if value[:1] not in _MAY_NAME and not value[:1].isspace():
                    continue
                match = _PIP_REQUIREMENT.match(value.strip())
                if match is not None:
                    upgrades = self._upgraded(name, pip, match[1] or "", call, bringer)
                elif value.startswith("virtualenv"):
                    self._state["virtualenv"] = pip._replace(low=FIRST_GOOD_PIP, high=NEWEST)
        number = bringer.instruction
        fields = (call, name, pip, number, start, onbuild, upgrades)
        self._uses.append(record(Use, fields))
        self._writes = self._writes or call.subcommand in CACHE_WRITERS

    def _canonical(self, name: str) -> str:
        """Give one name for all spellings of the one pip of an official image."""
        if not self._single or "/" in name:
            return name
        version, python = parse_version(name), self._base.python
        return "" if not name or not python or python[: len(version)] == version else name

    def _upgraded(self, name: str, pip: Pip, clauses: str, call: PipCall, bringer: Bringer) -> bool:
        """Take in `pip install pip…`; tell whether it makes pip new."""
        if not clauses and not any(
            word.value in _UPGRADES or _SHORT_UPGRADE.match(word.value) for word in call.options
        ):
            return False  # there is a pip already
        low, high = bounds(clauses)
        if pip.python[:2] in NEVER_NEW:
            high = min(high, (10, 0, 1))
        elif low < FIRST_GOOD_PIP <= high and "==" not in clauses and HOLE not in clauses:
            low = FIRST_GOOD_PIP  # pip takes the newest that the clauses allow
        new = low >= FIRST_GOOD_PIP
        self._set(name, Pip(low, high, "upgrade" if new else "pin", bringer, pip.python))
        return new

    def _known(self, name: str) -> Pip:
        found = self._state.get(name)
        if found is not None:
            return found
        if "/" in name:
            return self._in_folder(name)
        version = parse_version(name)
        python = self._base.python
        if name and python and python[: len(version)] != version:
            return self._by_python(version)
        if not name and self._base.origin != "base":
            for other in ("3", "2"):  # Debian 11 and later: `pip` is pip3
                if other in self._state and not self._single:
                    return self._state[other]
        elif not self._single and "" in self._state and self._base.age is Age.UNKNOWN:
            return self._state[""]
        if self._base.age is not Age.NEW and len(version) > 1 and version >= (3, 8):
            return self._by_python(version)
        return self._base if python or len(version) < 2 else self._base._replace(python=version)

    def _by_python(self, version: Version) -> Pip:
        """Give what is known of the pip of some Python, by its version alone."""
        if version >= (3, 8) and len(version) > 1:
            # no pip older than 19.2.3 has ever come with Python 3.8
            return Pip(FIRST_GOOD_PIP, NEWEST, "unseen", None, version)
        if self._base.age is Age.NEW and self._image is not None and self._image.managed:
            return self._base
        return UNSEEN._replace(python=version)

    def _in_folder(self, name: str) -> Pip:
        folder = name.rpartition("/")[0]
        for known, pip in self._state.items():
            if known.startswith("/env:") and (folder.endswith(known[5:] + "/bin")):
                return pip
        if "conda" in folder and "conda" in self._state:
            return self._state["conda"]
        if self._base.age is Age.NEW and self._base.origin == "base" and not self._bundled:
            return self._base
        return UNSEEN

    def _set(self, name: str, pip: Pip) -> None:
        self._state[name] = pip
        if name and "/" not in name:  # pip3.6 brings a `pip3`, and that a `pip`
            self._state[name[:1]] = pip
            if self._base.origin != "base" or "" in self._state:
                self._state[""] = pip  # but an unknown image may have one of another Python

    def _brought(self, bringer: Bringer, program: Program, brings: Brings, raw: str) -> None:
        kind, values = brings
        if kind == "packages":
            self._packages(bringer, values)
        elif kind in ("venv", "virtualenv"):
            self._environment(bringer, program, values[0], kind == "virtualenv")
        elif kind == "ensurepip":
            pip = _ensured(self._python_of(program))._replace(origin="installer", bringer=bringer)
            self._state[identity(values[0])] = pip
        elif kind == "easy_install":
            for key in ("", "2", "3"):
                self._state.setdefault(key, Pip((), NEWEST, "installer", bringer, ()))
        elif kind == "get-pip" or "get-pip.py" in raw:
            self._get_pip(bringer, values, _oldest_get_pip(raw))

    def _packages(self, bringer: Bringer, majors: Iterable[str]) -> None:
        image = self._image
        for major in majors:
            if self._single:
                if major:
                    self._state.setdefault(f"apt{major}", UNSEEN)
                continue
            low, high = self._base.low, self._base.high
            if image is not None and image.origin is Origin.PACKAGES and len(major) <= 1:
                low, high = _packaged(image)
            python = _of_major(image, major)
            pip = Pip(low, high, "packages", bringer, python)
            if major == "" or major.startswith("2"):
                self._state[""] = pip
            self._state[major or "2"] = pip
            if major.startswith("3"):
                self._state["3"] = pip

    def _get_pip(
        self, bringer: Bringer, values: tuple[str, ...], last: tuple[Version, Version] | None
    ) -> None:
        low, high = FIRST_GOOD_PIP, NEWEST
        origin = "installer"
        if last is not None:
            low, high, origin = (), last[1], "pin"
        for value in values:
            match = _PIP_REQUIREMENT.match(value)
            if match is not None and match[1]:
                low, high = bounds(match[1])
                origin = "installer" if low >= FIRST_GOOD_PIP else "pin"
        self._set(self._canonical(identity(values[0])), Pip(low, high, origin, bringer, ()))

    def _installers(self, bringer: Bringer, text: str) -> None:
        """Take in what brings a whole Python: conda, get-pip.py through a pipe, a source build."""
        lowered = text.lower()
        match = None
        if "conda" in lowered or "forge" in lowered or "mamba" in lowered:
            match = _INSTALLER.search(text)
        if match is not None:
            version = parse_version(re.sub(r"^py\d+_", "", match[1] or "9999"))
            new = (match[1] or "latest").startswith(("latest", "py3")) or version >= (4, 7)
            low = FIRST_GOOD_PIP if new else ()
            pip = Pip(low, NEWEST, "installer", bringer, ())
            for key in ("conda", "", "3"):
                self._state[key] = pip
            return
        if "get-pip.py" in text:
            last = _oldest_get_pip(text)
            if last is not None:
                pip = Pip((), last[1], "pin", bringer, last[0])
                self._set("", pip)
                self._set(str(last[0][0]), pip)
                return
            if "|" in text:  # curl … | python3
                for key in ("", "2", "3"):
                    if key not in self._state:
                        self._state[key] = Pip(FIRST_GOOD_PIP, NEWEST, "installer", bringer, ())
        built = _BUILT.search(text)
        if built is not None and "make" in text:
            version = parse_version(built[1])
            pip = _ensured(version)._replace(origin="installer", bringer=bringer)
            for key in (built[1][:1], ".".join(built[1].split(".")[:2]), ""):
                self._state[key] = pip
        elif "pyenv install" in text:
            for key in ("", "3"):
                self._state[key] = Pip((), NEWEST, "installer", bringer, ())

    def _environment(self, bringer: Bringer, program: Program, folder: str, virtual: bool) -> None:
        """Take in the creation of a virtual environment."""
        if virtual:
            source = self._state.get("virtualenv")
            if source is None and self._base.age is Age.NEW and self._base.origin == "base":
                source = self._base
            pip = source if source is not None else UNSEEN
        else:
            pip = _ensured(self._python_of(program))
            if self._image is not None and self._image.origin is Origin.PACKAGES:
                # Debian and Ubuntu take the pip of their own package
                low, high = self._image.pip_min or (), self._image.pip_max or NEWEST
                own = not parse_version(identity(program.words[0].value))[1:]
                if own and self._image.age is not Age.UNKNOWN:
                    pip = pip._replace(low=low, high=high)
        pip = pip._replace(origin="venv", bringer=bringer)
        if pip.age is not Age.NEW:
            self._bundled.append(pip)
        self._state[f"/env:{folder.rstrip('/').rpartition('/')[2]}"] = pip

    def _python_of(self, program: Program) -> Version:
        """Give the version of the Python that a program names, or that the base image has."""
        match = _PYTHON_VERSION.search(program.words[0].value)
        named = parse_version(match[1]) if match is not None else ()
        if len(named) > 1:
            return named
        for version in self._image.python if self._image is not None else ():
            if version[: len(named)] == named:
                return version
        if self._base.age is Age.NEW and self._base.low >= (20, 3):
            return (3, 8) if not self._base.python else self._base.python
        return ()


def _oldest_get_pip(text: str) -> tuple[Version, Version] | None:
    """Give the Python and the pip of a get-pip.py for an old Python that a RUN names, if any."""
    match = _GET_PIP_OF.search(text)
    if match is None:
        return None
    python = parse_version(match[1])
    return python, _LAST_PIPS[python]


def _packaged(image: Image) -> tuple[Version, Version]:
    """Give the bounds of the pip in a distribution's plain package."""
    low, high = image.pip_min or (), image.pip_max or NEWEST
    if image.age is Age.NEW:
        return max(low, FIRST_GOOD_PIP), NEWEST
    if image.age is Age.OLD:
        return low, high
    if image.certain and low == (9, 0, 3):
        return low, low  # Enterprise Linux 8: later ones have packages of other names
    return (), NEWEST


def _shows_new(call: PipCall) -> bool:
    """Tell whether a call has what only a new pip takes, or sits beside a Python ≥ 3.8."""
    if any(word.value.startswith(_NEW_OPTIONS) for word in call.options):
        return True
    match = _PYTHON_PATH.search(call.spelling)
    return match is not None and parse_version(match[1]) >= (3, 8)


def _of_major(image: Image | None, major: str) -> Version:
    for version in image.python if image is not None else ():
        if version[:1] == (parse_version(major)[:1] or (2,)):
            return version
    return ()


def _ensured(python: Version) -> Pip:
    """Give the pip that ensurepip and `python -m venv` bring."""
    if not python:
        return UNSEEN
    if len(python) == 2 and python >= (3, 7):
        return Pip(FIRST_GOOD_PIP, NEWEST, "venv", None, python)
    if python >= _FIRST_NEW_ENSUREPIP or (2, 7, 17) <= python < (3,):
        return Pip(FIRST_GOOD_PIP, NEWEST, "venv", None, python)
    return Pip(FIRST_WITH_CACHE, (18, 1), "venv", None, python)
