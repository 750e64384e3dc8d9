"""What a file does with pip's cache and with bytecode: commands that fail where there is none."""

from __future__ import annotations

from pipslim.syntax.forms import flags, json_strings
from pipslim.syntax.script import Script
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Instruction

CACHE, BYTECODE = "pip's cache", "bytecode"
SIGNS = (".cache", "PIP_CACHE_DIR", "XDG_CACHE_HOME", "__pycache__", ".pyc", ".pyo")

_PIP_ITSELF = lazy(r"pip(?![\w.-])")
# The folder of all caches of some user, or what is in it.
_IN_HOME = lazy(r"(?:~|\0|/root|/home/[^/]+)/\.cache(?:/?|/\*+|/([^/*]+)(?:[*/].*)?)")
_COMPILED = lazy(r"__pycache__|\.py\[?[co*]")
# What fails where a file or folder that it is to work on is not there; mkdir makes it.
_FAIL = frozenset(
    [
        "[",
        "cat",
        "cd",
        "chgrp",
        "chmod",
        "chown",
        "cp",
        "du",
        "find",
        "ls",
        "mkdir",
        "mv",
        "pushd",
        "rm",
        "rmdir",
        "rsync",
        "stat",
        "tar",
        "test",
    ]
)
_ONLY_IF_SOME = lazy(r"-[a-zA-Z]*r|--no-run-if-empty$")
_FORCE = lazy(r"-[a-zA-Z]*f|--force$")


class Need(NamedTuple):
    """A command or instruction that fails where pip leaves nothing of a `kind`: CACHE or BYTECODE.

    `stage` is the number of the stage whose leavings it needs. `start` and `end` are file offsets,
    `name` is what fails. Where ` -f` would mend it, as for an `rm`, `force` is the file offset at
    which that belongs.
    """

    kind: str
    stage: int
    start: int
    end: int
    name: str
    force: int | None

    @property
    def told(self) -> str:
        """Why what it needs has to stay; `{line}` means the line of `start`."""
        what = "the cache" if self.kind == CACHE else self.kind
        return f"line {{line}} needs {what}: `{self.name}` fails where there is none"


class Cache(NamedTuple):
    """The cache of an installer: `name` is its folder's below the folder of all caches.

    `folders` are the places where it is in a document, and the folders of all caches around them.
    `firsts` are for each stage, by its number, the number of the first instruction behind which
    there may be something in it.
    """

    name: str
    folders: frozenset[str]
    firsts: Mapping[int, int]


def needs(facts: Facts) -> tuple[Need, ...]:
    """Give all needs of a document, stage by stage, in the order of its instructions."""
    firsts = {stage.index: _first_call(facts, stage) for stage in facts.stages.all}
    return tuple(find_needs(facts, Cache("pip", _folders(facts), firsts)))


def find_needs(facts: Facts, cache: Cache) -> Iterator[Need]:
    """Give the needs of what an installer leaves in its cache, and of bytecode, as `needs` does."""
    for stage in facts.stages.all:
        for number in range(stage.stage.first + 1, stage.stage.last):
            instruction = facts.document.instructions[number]
            text = facts.text(number)
            signs = any(sign in text for sign in SIGNS)
            if signs or any(folder in text for folder in cache.folders):
                if instruction.keyword == "COPY":
                    yield from _copied(facts, instruction, cache)
                elif instruction.keyword == "RUN":
                    yield from _run(facts, stage, number, cache)


def _first_call(facts: Facts, stage: StageFacts) -> int:
    """Give the number of the first instruction behind which there is what a pip has left."""
    if any(facts.has_pip(above) for above in stage.chain()[:-1]):
        return stage.stage.first
    for use in facts.pips(stage).uses:
        if not _leaves_nothing(use):
            return use.instruction
    return stage.stage.last


def _leaves_nothing(use: Use) -> bool:
    """Tell whether a call installs pip alone, a wheel, with no cache of its user and no bytecode.

    Others may build what they install, and pip's builds have the cache that no option reaches.
    """
    values = [word.value for word in use.call.options]
    named = [value for value in values if not value.startswith("-")]
    return (
        "--no-compile" in values
        and use.call.cache is not None
        and len(named) == 1
        and _PIP_ITSELF.match(named[0]) is not None
    )


def _folders(facts: Facts) -> frozenset[str]:
    """Give where the pips of a document have their caches, and the folder of all caches around."""
    found: set[str] = set()
    for stage in facts.stages.all:
        for use in facts.pips(stage).uses:
            folder = facts.cache_dir(use)
            if folder and use.call.cache_dir is None:
                found.add(folder)
                if folder.endswith("/.cache/pip"):
                    found.add(folder.removesuffix("/pip"))
    return frozenset(found)


def _copied(facts: Facts, instruction: Instruction, cache: Cache) -> Iterator[Need]:
    """Give the need of a COPY that takes a cache out of another stage."""
    given, at = flags(instruction, facts.document.escape)
    for flag in given:
        other = _stage(facts, flag.value) if flag.name == "from" else None
        if other is not None:
            text = instruction.view.text
            strings = json_strings(text, at)
            words = text[at:].split() if strings is None else [each.value for each in strings]
            if any(names_cache(word, cache.name, cache.folders) for word in words[:-1]):
                yield Need(CACHE, other, instruction.start, instruction.end, "COPY", None)


def _stage(facts: Facts, named: str) -> int | None:
    """Give the number of the stage that `--from` names, if one."""
    for stage in reversed(facts.stages.all):
        if named and named.lower() in (stage.name, str(stage.index)):
            return stage.index
    return None


def _run(facts: Facts, stage: StageFacts, number: int, cache: Cache) -> Iterator[Need]:
    """Give the needs of a RUN; its commands need nothing of what is first called later."""
    instruction = facts.document.instructions[number]
    for mount in facts.stages.mounts(number):
        source = mount.options.get("source") or mount.options.get("src") or ""
        other = _stage(facts, mount.options.get("from", ""))
        if (
            mount.type == "bind"
            and other is not None
            and names_cache(source, cache.name, cache.folders)
        ):
            yield Need(CACHE, other, instruction.start, instruction.end, "--mount", None)
    if number < cache.firsts[stage.index]:
        return
    made = False
    for body in facts.run(number).bodies:
        for program in body.reading.programs:
            kind = _kind(body, program, cache)
            if program.name == "mkdir":
                made = made or kind == CACHE
            elif kind and not made and not _may_fail(body, program):
                removes = program.name == "rm" and not program.exec_form
                start, behind, end = _places(instruction, body, program)
                force = behind if removes else None
                yield Need(kind, stage.index, start, end, program.name, force)


def _kind(body: Body, program: Program, cache: Cache) -> str:
    """Tell what a program needs, or makes, of what pip may leave: CACHE, BYTECODE, or nothing."""
    if program.name not in _FAIL:
        return ""
    values = [word.value for word in program.words[1:]]
    if program.name == "rm":
        if any(map(_FORCE.match, values)) or "find -exec" in program.wrappers:
            return ""  # the latter is run for what is there alone
        if program.wrappers[-1:] == ("xargs",):
            ahead = program.command.words[: -len(program.words)]
            if any(_ONLY_IF_SOME.match(word.value) for word in ahead):
                return ""
            values += _ahead_of_pipe(body, program)
    if any(names_cache(value, cache.name, cache.folders) for value in values):
        return CACHE
    return BYTECODE if program.name == "rm" and any(map(_COMPILED.search, values)) else ""


def names_cache(path: str, name: str, folders: frozenset[str]) -> bool:
    """Tell whether a path is an installer's cache, as `Cache` has it, or matches what is in it."""
    match = _IN_HOME.fullmatch(path)
    if match is not None and match[1] in (None, name):
        return True
    return path.rstrip("/*") in folders


def _ahead_of_pipe(body: Body, program: Program) -> list[str]:
    """Give the words of the command whose output a program is given."""
    script = body.reading.script
    if not isinstance(script, Script) or program.command.lead != "|" or not program.outer:
        return []
    return [word.value for word in script.commands[program.outer - 1].words]


def _may_fail(body: Body, program: Program) -> bool:
    """Tell whether a script goes on where a program fails: as a condition, ahead of `||` or `|`."""
    script = body.reading.script
    if program.command.lead in ("if", "elif", "while", "until", "!"):
        return True
    if not isinstance(script, Script) or program.outer + 1 >= len(script.commands):
        return False
    return script.commands[program.outer + 1].lead in ("||", "|")


def _places(instruction: Instruction, body: Body, program: Program) -> tuple[int, int, int]:
    """Give the file offsets of a program's start, behind its name, and of its end."""

    def at(offset: int) -> int:
        return instruction.start + body.view.at(program.view.at(offset))

    first, last = program.words[0], program.words[-1]
    return at(first.start), at(first.end - 1) + 1, at(last.end - 1) + 1
