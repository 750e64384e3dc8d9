"""Per stage: its base, and before each instruction its environment, user, shell and mounts."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pipslim.facts.bases import bases
from pipslim.syntax.expand import BadExpansion, expand
from pipslim.syntax.pairs import Malformed, arguments, pairs
from pipslim.syntax.parser import flags, json_strings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipslim.syntax.document import Document, Instruction, Stage

_NOTHING: Mapping[str, str] = MappingProxyType({})
_POSIX_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh", "mksh"))


class Unexpandable(ValueError):
    """A variable that BuildKit cannot expand: `offset` in the file, and why."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


class Environment(NamedTuple):
    """What holds before an instruction.

    `env` is what lands in the image. `names` is what `$name` means: ENV and ARG together, the
    later in the file wins (so BuildKit builds, measured; its reference says that ENV always does).
    A name in neither is unset, or comes from a base image that the file does not show.
    """

    env: Mapping[str, str]
    names: Mapping[str, str]


class Mount(NamedTuple):
    """A `RUN --mount`, expanded: its type, where it is mounted, and its options as written."""

    type: str
    target: str
    options: Mapping[str, str]


class StageFacts:
    """One stage: what it starts from, and the stages that start from it.

    `reference` is the image after FROM, build arguments replaced by their defaults; None where one
    has no default. `parent` is the stage that it starts from, if one. `name` is lower-case.
    """

    __slots__ = ("children", "index", "name", "parent", "platform", "reference", "stage")

    def __init__(self, stage: Stage, name: str, reference: str | None, platform: str) -> None:
        self.stage = stage
        self.index = stage.number
        self.name = name
        self.reference = reference
        self.platform = platform
        self.parent: StageFacts | None = None
        self.children: list[StageFacts] = []

    def chain(self) -> list[StageFacts]:
        """Give the stages from the one with an outside base down to this one."""
        links: list[StageFacts] = []
        stage: StageFacts | None = self
        while stage is not None:
            links.append(stage)
            stage = stage.parent
        return links[::-1]

    def family(self) -> Iterator[StageFacts]:
        """Give this stage and all that start from it, directly or not."""
        yield self
        for child in self.children:
            yield from child.family()


def environments(
    document: Document, assumed: Mapping[str, str] | None = None, unset_args: str | None = None
) -> list[Environment]:
    """Give the environment before each instruction, and one more after the last.

    `assumed` holds what base images bring. A build argument has its default; one without has the
    value `unset_args` and its name, or none where that is None. Raises Unexpandable where BuildKit
    cannot expand a value. Source: Dockerfile reference, "Environment replacement".
    """
    found: list[Environment] = []
    base = Environment(assumed or _NOTHING, assumed or _NOTHING)
    global_args: dict[str, str] = {}
    finals: dict[str, Environment] = {}
    now = Environment(_NOTHING, _NOTHING)
    name, index = "", -1
    escape = document.escape
    for instruction in document.instructions:
        found.append(now)
        keyword = instruction.keyword
        if keyword == "FROM":
            if index >= 0:
                finals[name] = finals[str(index)] = now
            index += 1
            reference, name = _from(instruction)
            name = name or str(index)
            parent = finals.get(reference.lower())
            now = base if parent is None else parent  # with its ARGs too: measured
        elif keyword == "ENV":
            read = pairs(instruction, escape)
            if isinstance(read, Malformed):
                raise Unexpandable(instruction.start, read.reason)
            known = now.names
            env, names = dict(now.env), dict(known)
            for pair in read:
                key = _expanded(instruction, pair.start, pair.key, known, escape)
                at = pair.end - len(pair.value)
                env[key] = names[key] = _expanded(instruction, at, pair.value, known, escape)
            now = Environment(env, names)
        elif keyword == "ARG":
            names = global_args if index < 0 else dict(now.names)
            for key, value in arguments(instruction, escape):
                if value is not None:
                    names[key] = _expanded(instruction, instruction.args, value, names, escape)
                elif index >= 0 and key in global_args:
                    names[key] = global_args[key]
                elif index >= 0 and unset_args is not None and key not in names:
                    names[key] = unset_args + key
            if index >= 0:
                now = Environment(now.env, names)
    found.append(now)
    return found


def _expanded(
    instruction: Instruction, at: int, word: str, known: Mapping[str, str], escape: str
) -> str:
    try:
        return expand(word, known, escape)
    except BadExpansion as bad:
        raise Unexpandable(instruction.view.at(at), str(bad)) from bad


def _from(instruction: Instruction) -> tuple[str, str]:
    """Give the image word of a FROM and the lower-case name it declares, or nothing."""
    words = [w for w in instruction.arguments.split() if not w.startswith("--")]
    name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
    return (words[0] if words else ""), name


class Stages:
    """The stages of a document, with what holds before each of its instructions."""

    __slots__ = ("_document", "_environments", "all")

    def __init__(self, document: Document) -> None:
        self._document = document
        self._environments: list[Environment] | None = None
        self.all: tuple[StageFacts, ...] = self._link()

    def _link(self) -> tuple[StageFacts, ...]:
        document = self._document
        stages: list[StageFacts] = []
        named: dict[str, StageFacts] = {}
        for stage in document.stages:
            instruction = document.instructions[stage.first]
            reference, name = _from(instruction)
            platform = ""
            if "--" in instruction.view.text:
                for flag in flags(instruction, document.escape)[0]:
                    platform = flag.value if flag.name == "platform" else platform
            resolved: str | None = reference
            if "$" in reference:
                resolved = bases(document)[stage.number]
            facts = StageFacts(stage, name, resolved, platform)
            parent = named.get(reference.lower())
            if parent is not None:
                facts.parent = parent
                parent.children.append(facts)
            if name:
                named[name] = facts
            named[str(stage.number)] = facts
            stages.append(facts)
        return tuple(stages)

    def of(self, index: int) -> StageFacts | None:
        """Give the stage that an instruction belongs to; None before the first FROM."""
        for stage in self.all:
            if stage.stage.first <= index < stage.stage.last:
                return stage
        return None

    def environment(self, index: int) -> Environment:
        """Give the environment before the instruction at `index`; raises Unexpandable."""
        if self._environments is None:
            self._environments = environments(self._document)
        return self._environments[index]

    def user(self, index: int) -> str | None:
        """Give the user that the instruction at `index` runs as, as USER names it, group left out.

        None where no USER in the chain of stages says so: the base image's then.
        """
        stage = self.of(index)
        instructions = self._document.instructions
        while stage is not None:
            for at in range(min(index, stage.stage.last) - 1, stage.stage.first, -1):
                if instructions[at].keyword == "USER":
                    word = instructions[at].arguments
                    if "$" in word:
                        try:
                            word = expand(word, self.environment(at).names, self._document.escape)
                        except BadExpansion:
                            return ""
                    return word.partition(":")[0].strip("\"'")
            stage = stage.parent
            index = len(instructions)
        return None

    def posix_shell(self, index: int) -> bool:
        """Tell whether a RUN in shell form at `index` is read by a POSIX shell (SHELL says so)."""
        stage = self.of(index)
        instructions = self._document.instructions
        while stage is not None:
            for at in range(min(index, stage.stage.last) - 1, stage.stage.first, -1):
                if instructions[at].keyword == "SHELL":
                    return _is_posix(instructions[at])
            stage = stage.parent
            index = len(instructions)
        return True

    def mounts(self, index: int) -> tuple[Mount, ...]:
        """Give the mounts of the RUN at `index`."""
        instruction = self._document.instructions[index]
        if "--mount" not in instruction.view.text:
            return ()
        found: list[Mount] = []
        for flag in flags(instruction, self._document.escape)[0]:
            if flag.name != "mount":
                continue
            options: dict[str, str] = {}
            for option in flag.value.split(","):
                key, _, value = option.partition("=")
                options[key.strip().lower()] = value.strip("\"'")
            target = options.get("target") or options.get("dst") or options.get("destination") or ""
            if "$" in target:
                try:
                    target = expand(target, self.environment(index).names, self._document.escape)
                except BadExpansion:
                    target = ""
            found.append(Mount(options.get("type", "bind").lower(), target, options))
        return tuple(found)


def _is_posix(instruction: Instruction) -> bool:
    strings = json_strings(instruction.view.text, instruction.args)
    if not strings or len(strings) < 2:
        return False
    words = [string.value for string in strings]
    if not words[-1].startswith("-") or not words[-1].endswith("c"):
        return False
    # a wrapper may stand before the shell: ["conda", "run", "-n", "x", "/bin/bash", "-c"]
    for word in words[-2::-1]:
        if word.rpartition("/")[2] in _POSIX_SHELLS:
            return True
        if not word.startswith("-") and word not in ("pipefail", "errexit", "nounset", "xtrace"):
            return False
    return False
