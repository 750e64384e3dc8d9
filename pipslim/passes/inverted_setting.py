"""Settings of pip that do the opposite of what they say: `no-compile`, an empty `no-cache-dir`."""

from __future__ import annotations

import re

from pipslim.facts.leftovers import BYTECODE, CACHE
from pipslim.facts.settings import truth
from pipslim.fixes.base import About, Finding
from pipslim.fixes.rewording import Wanted, compiling, fixed, reworded
from pipslim.syntax.pairs import Malformed, arguments, pairs
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

_ID = "inverted-setting"
_TAKES_BACK = "it takes back what is set before"
_BOTH = "PIP_COMPILE is set too; take one of them out"
_SAID_ON = lazy(r"PIP_COMPILE[= ]+[\"']?(?!0|no|off|false)", re.IGNORECASE)
_NO_COMPILE = lazy(r"(?<!-)no[-_]compile\b")  # as a key
_COMPILES, _EMPTY = "PIP_NO_COMPILE", "PIP_NO_CACHE_DIR"

ABOUT = About(
    id=_ID,
    summary="a setting of pip does the opposite of what it says: say what is meant",
    why=(
        "pip takes a setting for the value of the option, and `--no-compile` sets compiling to "
        "false: so `PIP_NO_COMPILE=1` and `no-compile = yes` have it compile, whatever else says "
        "no. `PIP_COMPILE=0` and `compile = no` are meant. An empty value is no value: under "
        "`PIP_NO_CACHE_DIR=` pip writes its cache. It gets a 1; where an old pip would crash by "
        "that, the value is `off`, which all take for the same. One that takes back what is set "
        "before, or by a base image that is not known, is left. Seen with pip 9.0.1 to 25.0."
    ),
    price="That of what is meant, see pip-conf; `--ignore bytecode` leaves compiling as it is.",
    before=(
        "FROM python:3.12-slim\nENV PIP_NO_COMPILE=1 PIP_NO_CACHE_DIR=\n"
        "RUN PIP_NO_COMPILE=1 pip install flask\n"
    ),
    after=(
        "FROM python:3.12-slim\nENV PIP_COMPILE=0 PIP_NO_CACHE_DIR=1\n"
        "RUN PIP_COMPILE=0 pip install flask\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each setting that is the opposite of what it says."""
    compiles = facts.options.bytecode and facts.mentions(_COMPILES)
    for stage in facts.stages.all:
        for number in range(stage.stage.first + 1, stage.stage.last):
            keyword = document.instructions[number].keyword
            if keyword == "ENV" and (compiles or facts.mentions(_EMPTY)):
                yield from _env(document, facts, stage, number)
            elif keyword == "ARG" and compiles:
                yield from _arg(document, number)
        if compiles or facts.mentions(_EMPTY):
            ahead = [each for use in facts.pips(stage).uses for each in _ahead(facts, stage, use)]
            yield from dict.fromkeys(ahead)  # an export is ahead of several calls
        if facts.options.bytecode and _NO_COMPILE.search(document.text):
            told = Finding(_ID, Span(0, 0), _compiles("no-compile = yes"))
            yield from compiling(document, facts, stage, told, _compiling_stays(facts, stage))


def _env(document: Document, facts: Facts, stage: StageFacts, number: int) -> Iterator[Finding]:
    """Give the findings for the pairs of an ENV."""
    instruction = document.instructions[number]
    found = pairs(instruction, document.escape)
    if isinstance(found, Malformed):
        return
    for pair in found:
        span = Span(instruction.at(pair.start), instruction.after(pair.end))
        value = pair.value.strip("\"'")
        link = " " if pair.legacy else "="
        if pair.key == _COMPILES and facts.options.bytecode and truth(value):
            why = _compiling_stays(facts, stage)
            if any(other.key == "PIP_COMPILE" for other in found):
                why = why or _BOTH
            told = Finding(_ID, span, _compiles(f"{_COMPILES}={value}"))
            yield fixed(told, _write(f"PIP_COMPILE{link}0", why), (_COMPILES, "PIP_COMPILE"))
        elif pair.key == _EMPTY and not value:
            why, wanted = _caching_stays(facts, stage, facts.uses(stage))
            why = why or _takes_back(facts, stage, number)
            told = Finding(_ID, span, _passed_over())
            yield fixed(told, _write(f"{_EMPTY}{link}{wanted}", why), (_EMPTY,))


def _arg(document: Document, number: int) -> Iterator[Finding]:
    instruction = document.instructions[number]
    for name, value in arguments(instruction, document.escape):
        if name == _COMPILES and value and truth(value.strip("\"'")):
            span = Span(instruction.start, instruction.end)
            why = "it may be given to a build by that name; write ARG PIP_COMPILE=0"
            yield Finding(_ID, span, _compiles(f"{name}={value}"), None, why)


def _ahead(facts: Facts, stage: StageFacts, use: Use) -> Iterator[Finding]:
    """Give the findings for the variables in front of a call of pip, or exported ahead of it."""
    program = use.call.program
    named = [(program, word) for word in program.variables]
    for other in use.call.body.reading.programs:
        if other.name == "export" and other.view is program.view:
            named += [(other, word) for word in other.words[1:]]
    for owner, word in named:
        name, equals, value = word.value.partition("=")
        if name == _COMPILES and facts.options.bytecode and truth(value):
            why = _compiling_stays(facts, stage)
            new, message = "PIP_COMPILE=0", _compiles(f"{name}={value}")
        elif name == _EMPTY and equals and not value:
            why, wanted = _caching_stays(facts, stage, (use,))
            if _EMPTY in facts.stages.environment(use.instruction).names:
                why = why or _TAKES_BACK
            why = why or _takes_back(facts, stage, use.instruction)
            new, message = f"{_EMPTY}={wanted}", _passed_over()
        else:
            continue
        told = Finding(_ID, Span(0, 0), message)
        yield reworded(told, use.start, use.call.body, owner, word, _write(new, why))


def _takes_back(facts: Facts, stage: StageFacts, number: int) -> str:
    """Tell what an empty value may be there for, or nothing."""
    if facts.stages.environment(number).names.get(_EMPTY):
        return _TAKES_BACK
    return "it may take back what the base image sets" if stage.image is None else ""


def _compiling_stays(facts: Facts, stage: StageFacts) -> str:
    """Tell why pip is to go on compiling, or nothing."""
    if facts.needed(stage, BYTECODE) is not None:
        return "a command needs the bytecode"
    if facts.mentions("PIP_COMPILE") and _SAID_ON.search(facts.document.text):
        return _BOTH
    if facts.mentions(f"${_COMPILES}") or facts.mentions(f"${{{_COMPILES}"):
        return f"another value refers to {_COMPILES}"
    return ""


def _caching_stays(facts: Facts, stage: StageFacts, uses: Sequence[Use]) -> tuple[str, str]:
    """Tell why pip is to keep its cache, or nothing; and the value that turns it off."""
    if facts.needed(stage, CACHE) is not None or any(u.call.subcommand == "cache" for u in uses):
        return "a command needs the cache", "1"
    if any(facts.cache_mount(use) for use in uses):
        return "a mount keeps the cache, which that would defeat", "1"
    if any(use.pip.low == use.pip.high and (19,) <= use.pip.low < (19, 0, 2) for use in uses):
        return "pip 19.0 and 19.0.1 crash where their cache is turned off", "1"
    old = any(use.crashes for use in uses) or any(facts.pips(s).bundled for s in stage.family())
    return "", "off" if old else "1"


def _compiles(said: str) -> str:
    return f"`{said}` has pip compile: it is the opposite of --no-compile"


def _passed_over() -> str:
    return f"pip passes over an empty {_EMPTY}, and keeps its cache"


def _write(new: str, why: str) -> Wanted:
    return Wanted(new, f"write {new}", why)
