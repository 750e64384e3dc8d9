"""Installations past pip: `setup.py install` and `easy_install`."""

from __future__ import annotations

import re

from pipslim.facts.installers import runs
from pipslim.fixes.base import About, Finding
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.programs import Program
    from pipslim.syntax.document import Document

_ID = "setup-install"

ABOUT = About(
    id=_ID,
    summary="`setup.py install`, `easy_install`: past pip and its settings (shown, only by name)",
    why=(
        "`setup.py install` leaves `build`, `dist` and `*.egg-info` in the source folder, and "
        "compiles what it installs; `--no-compile` does not stop that, PYTHONDONTWRITEBYTECODE=1 "
        "does. easy_install, which setuptools dropped, is its kin. Neither has a cache, and no "
        "setting of pip's reaches them. It is shown, not changed: `pip install .` is another way "
        "to install, and a later step may copy what is left. It runs only where it is selected by "
        "name."
    ),
    price="None; `pip install .` builds a wheel in a folder of its own.",
    before="FROM python:3.12-slim\nCOPY . .\nRUN python setup.py install\n",
    after="FROM python:3.12-slim\nCOPY . .\nRUN python setup.py install\n",
)

_EASY = lazy(r"easy_install(?:-?[\d.]+)?$")
_PYTHON = lazy(r"(?:python|pypy)[\d.]*$")
_RECURSIVE = re.compile(r"-[a-zA-Z]*[rR]|--recursive$")


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each such installation, none with a fix."""
    for stage in facts.stages.all:
        for number in runs(facts, stage, ("setup.py", "easy_install")):
            start = document.instructions[number].start
            for body in facts.run(number).bodies:
                programs = body.reading.programs
                for at, program in enumerate(programs):
                    found = _judge(program, programs[at + 1 :])
                    if found is not None:
                        words, message, why_not = found
                        first, last = program.words[0], program.words[words - 1]
                        low = start + body.view.at(program.view.at(first.start))
                        high = start + body.view.at(program.view.at(last.end - 1)) + 1
                        yield Finding(_ID, Span(low, high), message, None, why_not)


def _judge(program: Program, later: tuple[Program, ...]) -> tuple[int, str, str] | None:
    """Tell of an installation past pip: how many words spell it, what it does, what to do."""
    values = [word.value for word in program.words]
    if _EASY.match(program.name) or values[1:3] == ["-m", "easy_install"]:
        words = 1 if _EASY.match(program.name) else 3
        if len(values) == words or values[words] in ("--help", "-h", "--version"):
            return None
        named = " ".join([program.name, *values[1:words]])
        return words, f"`{named}` installs past pip, and so past its settings", "use `pip install`"
    place = 0 if program.name == "setup.py" else 1
    if place and not _PYTHON.match(program.name):
        return None
    while place < len(values) and values[place].startswith("-"):
        place += 1
    if place >= len(values) or values[place].rpartition("/")[2] != "setup.py":
        return None
    if "install" not in values[place + 1 :] or "--dry-run" in values:
        return None
    if any(each.name == "rm" and any(map(_RECURSIVE.match, _values(each))) for each in later):
        return None
    told = "`pip install .` leaves none of them, but is another way to install"
    words = values.index("install", place) + 1
    return words, "`setup.py install` leaves `build`, `dist` and `*.egg-info` behind", told


def _values(program: Program) -> list[str]:
    return [word.value for word in program.words]
