"""Whether pip has left anything in its caches by some place in a chain of stages, and what did."""

from __future__ import annotations

from pipslim.facts.conf import OURS, VARIABLE, may_bring
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.facts.runs import read_run
from pipslim.syntax.script import Script
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.facts.brought import Brought
    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.programs import Program
    from pipslim.facts.stages import StageFacts

_WRITERS = CACHE_WRITERS | {"lock", "index", "list", "search"}
_NO_ISOLATION = ("--no-build-isolation", "--only-binary=:all:", "--no-use-pep517")
_FIRST_ISOLATED = (10,)
# Programs that never call pip, nor anything that could.
_APART = frozenset([
    "addgroup", "adduser", "apk", "apt", "apt-cache", "apt-get", "aptitude", "awk", "basename",
    "cat", "cd", "chgrp", "chmod", "chown", "command", "cp", "curl", "cut", "date", "dirname",
    "dnf", "dpkg", "echo", "egrep", "exit", "export", "false", "find", "getent", "gpg", "grep",
    "groupadd", "groupmod", "gunzip", "gzip", "hash", "head", "install", "ldconfig", "ln",
    "locale-gen", "ls", "microdnf", "mkdir", "mv", "printf", "pwd", "read", "rm", "rmdir", "rpm",
    "sed", "set", "sha256sum", "sleep", "sort", "stat", "tail", "tar", "tee", "test", "touch",
    "tr", "true", "type", "umask", "unset", "unzip", "update-alternatives",
    "update-ca-certificates", "useradd", "usermod", "wget", "which", "xz", "yum", "zypper", "[",
    "[[", ":",
])  # fmt: skip


class Loud(NamedTuple):
    """What may have left something in a cache: its instruction, and what to say behind `line N`."""

    number: int
    why: str


def loud(facts: Facts, stage: StageFacts, number: int, end: int) -> Loud | None:
    """Give the first thing that may have left something in a cache of pip, or None.

    It is looked for ahead of the file offset `end`, which is in the instruction `number`. pip is
    silent by settings, which reach each pip behind them; by its cache being in a mount; by
    the flag, where it builds nothing apart: in the isolated build environments of projects with a
    pyproject.toml, pip from 10.0.1 on keeps its cache in spite of the flag.
    """
    chain = stage.chain()
    off = _off_from(facts, chain, number, end)
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
            for use in uses:
                start = use.span().start
                if use.instruction == at and start < end:
                    why = _told(facts, use, under=start > off)
                    if why:
                        return Loud(at, why)
            if instruction.start < off and not _apart(facts, at, min(end, off)):
                return Loud(at, "may call pip by what it runs")
    if stage.image is None:
        return Loud(chain[0].stage.first, "may bring a cache in its image")
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
        instruction = facts.document.instructions[use.instruction]
        if f"rm -rf {call.cache_dir}" in instruction.view.text:
            return ""  # as the upgrade of an old pip does
        return "asks for a cache with --cache-dir"
    if under or facts.cache_off(use):
        return ""
    if not call.turns_cache_off:
        return "leaves pip's cache on"
    values = [word.value for word in call.options]
    apart = use.pip.high < _FIRST_ISOLATED or any(each in values for each in _NO_ISOLATION)
    if apart or "--only-binary :all:" in " ".join(values):
        return ""
    return "may build packages apart, where its --no-cache-dir does not reach; settings would"


def _apart(facts: Facts, number: int, end: int) -> bool:
    """Tell whether a RUN runs nothing ahead of `end`, but pip itself, that could call pip."""
    run = read_run(facts.document, number, facts.posix(number))
    if run.unread or run.undecided:
        return False
    start = facts.document.instructions[number].start
    calls = [step.program for step in run.steps if step.call is not None]
    for body in run.bodies:
        for program in body.reading.programs:
            at = start + body.view.at(program.view.at(program.words[0].start))
            if at < end and program not in calls and not _harmless(program):
                return False
    return True


def _harmless(program: Program) -> bool:
    if program.name in _APART:
        return True
    values = [word.value for word in program.words[1:3]]
    if program.name.startswith("pip"):
        return values[:1] in (["--version"], ["-V"])
    if program.name in ("source", "."):
        return values[:1] != [] and values[0].endswith("bin/activate")
    # what these install they have with them
    return program.name.startswith("python") and values in (["-m", "venv"], ["-m", "ensurepip"])


_NEVER = 1 << 62


def _off_from(facts: Facts, chain: list[StageFacts], number: int, end: int) -> int:
    """Give the file offset behind which settings turn the cache of every pip off, up to `end`.

    That is the end of the one ENV that says so, or of what writes or brings settings for all users.
    A very large number where nothing does.
    """
    return min(_by_env(facts, chain, number), _by_conf(facts, chain, end))


def _by_env(facts: Facts, chain: list[StageFacts], number: int) -> int:
    if not facts.mentions(VARIABLE) or facts.mentions("sudo"):
        return _NEVER  # sudo takes no ENV along
    if not facts.stages.environment(number).env.get(VARIABLE):
        return _NEVER
    places = [
        facts.document.instructions[at].end
        for at in facts.stages.numbers("ENV")
        if VARIABLE in facts.document.instructions[at].view.text
        and any(s.stage.first < at < s.stage.last for s in chain)
    ]
    return places[0] if len(places) == 1 else _NEVER


def _by_conf(facts: Facts, chain: list[StageFacts], end: int) -> int:
    if not facts.mentions("pip.conf") and not facts.mentions(" config"):
        return _NEVER
    if facts.mentions("PIP_CONFIG_FILE"):
        return _NEVER
    if not may_bring(facts, chain):
        plain = _plainly_written(facts, chain, end)
        if plain is not None:
            return plain
    from pipslim.facts.brought import DROPPED, UNREAD, brought
    from pipslim.facts.settings import CACHE, CACHE_DIR, Unreadable, read_settings, truth

    first = _NEVER
    for member in chain:
        for item in brought(facts, member):
            place = _behind(facts, item)
            if facts.document.instructions[item.number].start > end:
                continue
            keys = item.keys or read_settings(item.text)
            if item.kind in (UNREAD, DROPPED) or isinstance(keys, Unreadable):
                return _NEVER  # it may say otherwise, or of another file
            if any(key == CACHE_DIR for _, key in keys):
                return _NEVER
            said = truth(keys.get(("global", CACHE), "")) is not None
            if said and not item.user and (not item.appends or item.number == item.start):
                first = min(first, place)
            elif not item.keys and not item.appends and not item.user:
                return _NEVER  # it replaces the file
    return first if first < end else _NEVER


def _plainly_written(facts: Facts, chain: list[StageFacts], end: int) -> int | None:
    """Give what `_by_conf` does where nothing but lines as pip-conf writes them bring settings.

    None where they stand elsewhere than in a line of their own.
    """
    first = _NEVER
    for member in chain:
        for at in range(member.stage.first + 1, member.stage.last):
            instruction = facts.document.instructions[at]
            if instruction.keyword != "RUN" or instruction.start > end:
                continue
            written = OURS.search(instruction.view.text)
            if written is None:
                continue
            if written.start() != instruction.args or written.end() != len(instruction.view.text):
                return None
            if "no-cache-dir" in written[0]:
                first = min(first, instruction.end)
    return first


def _behind(facts: Facts, item: Brought) -> int:
    """Give the file offset behind which there are the settings that an instruction brings."""
    instruction = facts.document.instructions[item.number]
    script = item.body.reading.script if item.body is not None else None
    if item.body is None or not isinstance(script, Script) or item.command < 0:
        return instruction.end
    return instruction.start + item.body.view.after(script.commands[item.command].end)
