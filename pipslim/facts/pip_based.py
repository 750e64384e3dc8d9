"""Installers that run a pip of their own: how they are called, what turns its cache off."""

from __future__ import annotations

import re

from pipslim.facts import conf
from pipslim.facts.caches import needed, removed_behind
from pipslim.facts.conf import VARIABLE
from pipslim.facts.images import Age
from pipslim.facts.installers import Call, Tool, cache_dir, find_calls, mount_over, variables
from pipslim.facts.leftovers import CACHE
from pipslim.facts.options import MOUNT
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipslim.facts.caches import ByStage
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts

PIPENV = Tool(
    label="pipenv",
    names=frozenset(["pipenv"]),
    modules=frozenset(["pipenv"]),
    signs=("pipenv", "PIPENV"),
    subcommands=frozenset([("install",), ("sync",), ("update",), ("upgrade",)]),
    with_value=frozenset(["--python", "--pypi-mirror"]),
    folder="pipenv",
    variable="PIPENV_CACHE_DIR",
)
PIP_SYNC = Tool(
    label="pip-sync",
    names=frozenset(["pip-sync"]),
    modules=frozenset(),
    signs=("pip-sync",),
    subcommands=frozenset(),
    with_value=frozenset(),
    folder="pip",
    variable="PIP_CACHE_DIR",
)
PIP_COMPILE = PIP_SYNC._replace(
    label="pip-compile", names=frozenset(["pip-compile"]), signs=("pip-compile",)
)
PIPTOOLS = PIP_SYNC._replace(
    label="piptools",
    names=frozenset(),
    modules=frozenset(["piptools"]),
    signs=("piptools",),
    subcommands=frozenset([("sync",), ("compile",)]),
)
PIPX = Tool(
    label="pipx",
    names=frozenset(["pipx"]),
    modules=frozenset(["pipx"]),
    signs=("pipx",),
    subcommands=frozenset(
        [
            ("install",),
            ("install-all",),
            ("inject",),
            ("reinstall",),
            ("reinstall-all",),
            ("run",),
            ("upgrade",),
            ("upgrade-all",),
            ("upgrade-shared",),
        ]
    ),
    with_value=frozenset(),
    folder="pip",
    variable="PIP_CACHE_DIR",
)
_HELP = frozenset(("--help", "-h", "--version"))
_ARGUMENTS = lazy(r"--(?:pip-args|extra-pip-args)(?:=|$)")
_NO_CACHE = lazy(r"(?:^|[\s=])--no-cache-dir(?=\s|$)")
# Their own copies of pip are of 18.1 and older; a version in a variable is not known.
_OLD_PIPENV = lazy(r"pipenv==(?:\d{1,3}\.|201\d\.|[\"']?\$)")
_PACKAGED = lazy(r"\b(?:apt-get|apt|apk|dnf|yum)\s[^&;|]*?(?<![\w.-])pipenv(?![\w.-])")
_OFF_BY_CONF = lazy(r"no-cache-dir = ")


class State(NamedTuple):
    """What is to be said of a stage's calls: the first that leaves a cache, and why no fix is safe.

    `refers` is the place that a `{line}` in `why_not` means.
    """

    call: Call
    why_not: str
    refers: int


def calls_of(facts: Facts, stage: StageFacts, tools: Iterable[Tool]) -> tuple[Call, ...]:
    """Give the calls of some tools in a stage, in order, but those for their help."""
    found: list[Call] = []
    for tool in tools:
        found += find_calls(facts, stage, tool).calls
    found = [c for c in found if not _HELP.intersection(w.value for w in (*c.ahead, *c.rest[:1]))]
    return tuple(sorted(found, key=lambda call: call.place(call.anchor.start)))


def state(facts: Facts, stage: StageFacts, calls: ByStage, *, reads_conf: bool) -> State | None:
    """Tell what a stage's calls, and those of stages FROM it, leave, and whether ENV may stop it.

    `calls` are those of each stage, by its number. `reads_conf` tells that the tools' pip reads
    /etc/pip.conf. None where no call leaves a cache.
    """
    family = [call for member in stage.family() for call in calls[member.index]]
    mounted, leaving = None, None
    for call in family:
        cache = cache_dir(facts, call)
        if mount_over(facts, call, cache) is not None:
            mounted = mounted or call.start
        elif leaving is None and not removed_behind(call, cache):
            if not _is_off(facts, call, reads_conf=reads_conf):
                leaving = call
    if leaving is None:
        return None
    for use in facts.uses(stage):
        if facts.cache_mount(use):
            mounted = mounted or use.start
    if mounted is not None:
        return State(
            leaving, f"line {{line}} mounts a cache, which {VARIABLE} would defeat", mounted
        )
    why_not = _why_no_variable(facts, stage, leaving, family)
    if not why_not and reads_conf and conf.names_settings(facts):
        why_not = "the build has settings of its own for pip, which may say what is wanted"
    if why_not:
        return State(leaving, why_not, -1)
    need = needed(facts, stage, leaving.tool, calls)
    need = need or facts.needed(stage, CACHE)
    if need is not None:
        return State(leaving, need.told, need.start)
    return State(leaving, "", -1)


def _why_no_variable(facts: Facts, stage: StageFacts, leaving: Call, family: Iterable[Call]) -> str:
    """Tell why a variable may not turn the cache off for a stage's calls, or nothing."""
    if facts.options.cache == MOUNT:
        return f"mounts are wished for, which {VARIABLE} would defeat"
    given = variables(facts, leaving)
    if VARIABLE in given:
        return f"an empty {VARIABLE} turns nothing off; 1 does"
    if given.get(leaving.tool.variable):
        return "a folder is named for its cache, so somebody wants one"
    if any("sudo" in call.program.wrappers for call in family):
        return f"sudo takes no ENV along: put {VARIABLE}=1 ahead of the call"
    uses, base = facts.uses(stage), facts.base_pip(stage)
    if any(use.crashes for use in uses) or base.age is Age.OLD:
        return f"{VARIABLE}=1 would crash a pip that may be old"
    if base.age is Age.UNKNOWN and not uses:
        return f"{VARIABLE}=1 would crash a pip that may be old"
    text = facts.document.text
    if leaving.tool is PIPENV and (_OLD_PIPENV.search(text) or _PACKAGED.search(text)):
        return f"{VARIABLE}=1 would crash a pipenv older than 2020, which this may be"
    if _set_here(facts, stage):
        return f"the file sets {VARIABLE} itself, for other calls"
    return ""


def _is_off(facts: Facts, call: Call, *, reads_conf: bool) -> bool:
    """Tell whether a variable, the call's arguments for pip, or a pip.conf turns its cache off."""
    if variables(facts, call).get(VARIABLE):
        return True
    values = [word.value for word in call.rest]
    for at, value in enumerate(values):
        if _ARGUMENTS.match(value):
            given = value if "=" in value else " ".join(values[at + 1 : at + 2])
            if _NO_CACHE.search(given):
                return True
    stage = facts.stages.of(call.instruction)
    if not reads_conf or stage is None or not conf.is_written(facts, stage.chain()):
        return False
    numbers = facts.stages.numbers("RUN")
    return any(
        conf.PATH in text and _OFF_BY_CONF.search(text)
        for text in (
            facts.document.instructions[number].view.text
            for number in numbers
            if number <= call.instruction and facts.stages.of(number) in stage.chain()
        )
    )


def _set_here(facts: Facts, stage: StageFacts) -> bool:
    """Tell whether an ENV or ARG of a stage, or of one FROM it, sets the variable later."""
    if not facts.mentions(VARIABLE):
        return False
    instructions = facts.document.instructions
    return any(
        re.search(rf"\b{VARIABLE}\b", instructions[number].view.text)
        for member in stage.family()
        for number in range(member.stage.first + 1, member.stage.last)
        if instructions[number].keyword in ("ENV", "ARG")
    )
