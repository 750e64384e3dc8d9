"""Whether pip has left anything in its caches by some place in a chain of stages, and what did."""

from __future__ import annotations

from pipslim.facts.conf import PATH
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.facts.runs import read_run
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts

_VARIABLE = "PIP_NO_CACHE_DIR"
_WRITERS = CACHE_WRITERS | {"lock", "index", "list", "search"}
# what pip-conf writes where nothing can be in the way of it
_OURS = lazy(r"printf '(?:# false[^'\n]*?\\n)?\[global\]\\nno-cache-dir = (?:True|false)\\n")
_NO_ISOLATION = ("--no-build-isolation", "--only-binary=:all:", "--no-use-pep517")
_FIRST_ISOLATED = (10,)
# Programs that never call pip, nor anything that could.
_APART = frozenset(
    """
    addgroup adduser apk apt apt-cache apt-get aptitude awk basename cat cd chgrp chmod chown
    command cp curl cut date dirname dnf dpkg echo egrep exit export false find getent gpg grep
    groupadd groupmod gunzip gzip hash head install ldconfig ln locale-gen ls microdnf mkdir mv
    printf pwd read rm rmdir rpm sed set sha256sum sleep sort source stat tail tar tee test touch
    tr true type umask unset unzip update-alternatives update-ca-certificates useradd usermod wget
    which xz yum zypper [ [[ :
    """.split()
)


class Loud(NamedTuple):
    """What may have left something in a cache: its instruction, what it is, as the rest of a
    sentence about its line, and whether it did so for sure."""

    number: int
    why: str


def loud(facts: Facts, stage: StageFacts, number: int, end: int) -> Loud | None:
    """Give the first thing ahead of the file offset `end`, in the instruction `number`, that may
    have left something in a cache of pip; None where nothing has, whatever it ran.

    pip is silent by settings, which reach each pip behind them; by its cache being in a mount; by
    the flag, where it builds nothing apart (SEMANTICS: the flag does not reach the isolated build
    environments of projects with a pyproject.toml).
    """
    chain = stage.chain()
    off = _off_from(facts, chain, number)
    instructions = facts.document.instructions
    for member in chain:
        uses = facts.pips(member).uses
        for at in range(member.stage.first + 1, min(member.stage.last, number + 1)):
            instruction = instructions[at]
            text = facts.document.text[instruction.start : instruction.end]
            if instruction.keyword in ("COPY", "ADD") and ".cache" in text:
                return Loud(at, "brings a cache")
            if instruction.keyword != "RUN":
                continue
            under = off is not None and at > off
            for use in uses:
                if use.instruction == at and (at < number or use.span().start < end):
                    why = _told(facts, use, under=under)
                    if why:
                        return Loud(at, why)
            if not under and not _apart(facts, at, end):
                return Loud(at, "may call pip by what it runs")
    return None


def fills(facts: Facts, stage: StageFacts, number: int, end: int) -> bool:
    """Tell whether pip, or what may call it, runs ahead of `end` in the instruction itself."""
    uses = facts.pips(stage).uses
    mine = [use for use in uses if use.instruction == number and use.span().start < end]
    if any(use.call.subcommand in _WRITERS for use in mine):
        return True
    return not _apart(facts, number, end)


def called(facts: Facts, stage: StageFacts, number: int, end: int) -> bool:
    """Tell whether a call ahead could ever have filled a cache."""
    return any(
        use.call.subcommand in _WRITERS and not use.pip.rejects_flag
        for member in stage.chain()
        for use in facts.pips(member).uses
        if use.instruction < number or (use.instruction == number and use.span().start < end)
    )


def _told(facts: Facts, use: Use, *, under: bool) -> str:
    """Tell what a call leaves in its cache, as the rest of a sentence; nothing where none."""
    call = use.call
    if call.subcommand not in _WRITERS or use.pip.rejects_flag or facts.cache_mount(use):
        return ""
    if call.cache_dir is not None:
        return "asks for a cache with --cache-dir"
    if under or facts.cache_off(use):
        return ""
    if not call.turns_cache_off:
        return "leaves pip's cache on"
    values = [word.value for word in call.options]
    apart = use.pip.high < _FIRST_ISOLATED or any(each in values for each in _NO_ISOLATION)
    binary = any(
        first == "--only-binary" and second == ":all:"
        for first, second in zip(values, values[1:], strict=False)
    )
    if apart or binary:
        return ""
    return "may build packages apart, where its --no-cache-dir does not reach; settings would"


def _apart(facts: Facts, number: int, end: int) -> bool:
    """Tell whether a RUN runs nothing ahead of `end`, but pip itself, that could call pip."""
    run = read_run(facts.document, number, facts.posix(number))
    if run.unread or run.undecided:
        return False
    start = facts.document.instructions[number].start
    calls = {
        (step.program.view, step.program.words[0].start) for step in run.steps if step.call
    }
    for body in run.bodies:
        for program in body.reading.programs:
            at = start + body.view.at(program.view.at(program.words[0].start))
            if at >= end or (program.view, program.words[0].start) in calls:
                continue
            if program.name not in _APART:
                return False
    return True


def _off_from(facts: Facts, chain: list[StageFacts], number: int) -> int | None:
    """Give the instruction from which on settings turn the cache of every pip off, up to `number`.

    That is the one ENV that says so, the line that pip-conf writes, or settings that the build
    brings for all users.
    """
    found = [at for at in (_by_env(facts, chain, number), _by_conf(facts, chain, number)) if at]
    return min(found) if found else None


def _by_env(facts: Facts, chain: list[StageFacts], number: int) -> int | None:
    if not facts.mentions(_VARIABLE) or facts.mentions("sudo"):
        return None  # sudo takes no ENV along
    if not facts.stages.environment(number).env.get(_VARIABLE):
        return None
    places = [
        at
        for at in facts.stages.numbers("ENV")
        if _VARIABLE in facts.document.instructions[at].view.text
        and any(s.stage.first < at < s.stage.last for s in chain)
    ]
    return places[0] if len(places) == 1 else None


def _by_conf(facts: Facts, chain: list[StageFacts], number: int) -> int | None:
    if not facts.mentions("pip.conf") and not facts.mentions(" config"):
        return None
    if facts.mentions("PIP_CONFIG_FILE"):
        return None
    from pipslim.facts.brought import DROPPED, UNREAD, WRITTEN, brought
    from pipslim.facts.settings import CACHE, CACHE_DIR, Unreadable, read_settings, truth

    first = None
    for member in chain:
        for item in brought(facts, member):
            if item.number >= number:
                continue
            instruction = facts.document.instructions[item.number]
            if item.kind == WRITTEN and _OURS.match(instruction.view.text, instruction.args):
                first = item.number if first is None else first
                continue
            keys = item.keys or read_settings(item.text)
            if item.kind in (UNREAD, DROPPED) or isinstance(keys, Unreadable) or item.appends:
                return None  # it may say otherwise, or of another file
            says = truth(keys.get(("global", CACHE), ""))
            if any(key == CACHE_DIR for _, key in keys):
                return None
            if says is not None and not item.user:
                first = item.number if first is None else first
            elif not item.keys and not item.user and first is not None:
                return None  # it replaces the file
    return first


__all__ = ["PATH", "Loud", "called", "fills", "loud"]
