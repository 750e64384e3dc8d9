"""The calls of installers other than pip in a stage: where each stands, and where its cache is."""

from __future__ import annotations

import re

from pipslim.facts.pipcalls import assigned
from pipslim.facts.programs import variable
from pipslim.facts.runs import not_a_shell
from pipslim.syntax.forms import inner
from pipslim.syntax.script import HOLE, Python
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipslim.facts.known import Facts
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body, Run
    from pipslim.facts.stages import Mount, StageFacts
    from pipslim.syntax.script import Word

_PYTHON = lazy(r"(?:python|pypy)[\d.]*$")
_PYTHON_M = lazy(r"-[bBdEiIOPqRsSuvx]*m(.*)$")
# Options of the interpreter ahead of -m that take the next word.
_PYTHON_WITH_VALUE = frozenset(("-W", "-X"))
# Programs whose arguments are text or names of packages, never a program to run.
_TAKE_DATA = lazy(
    r"echo|printf|cat|e?grep|sed|awk|apt|apt-get|aptitude|apk|yum|dnf|microdnf|zypper|pacman|brew"
    r"|curl|wget|git|export|alias|test|\[\[?|touch|rm|cp|mv|ln|ls|mkdir|chmod|chown|which|type"
    r"|npm|gem|cargo|set|tee|cd|hash|declare|local|find|pip[\d.]*|pipx|uvx?|poetry|pdm|pipenv"
    r"|(?:conda|mamba|micromamba)|python[\d.]*|command"
)


class Tool(NamedTuple):
    """How an installer is called: `label` to readers, by `names`, or as a `modules` of Python.

    `signs` are texts without one of which a RUN does not call it. `subcommands` are the words, one
    or two, that tell what a call does, where it takes such words; `with_value` are the options
    ahead of those that take the next word. `folder` is its cache below the folder of all caches,
    `variable` what moves that.
    """

    label: str
    names: frozenset[str]
    modules: frozenset[str]
    signs: tuple[str, ...]
    subcommands: frozenset[tuple[str, ...]]
    with_value: frozenset[str]
    folder: str
    variable: str


class Call(NamedTuple):
    """A call of an installer in its place.

    `spelling` is how the tool is named there (`python -m uv`), with `subcommand`, the words that
    tell what it does. `anchor` is the last of those words, or of those that name the tool. `ahead`
    are the options between those words, with their values, `rest` are the words behind the anchor.
    `instruction` is the number of its instruction, `start` where that begins in the file.
    """

    tool: Tool
    body: Body
    program: Program
    spelling: str
    subcommand: tuple[str, ...]
    anchor: Word
    ahead: tuple[Word, ...]
    rest: tuple[Word, ...]
    instruction: int
    start: int
    onbuild: bool

    @property
    def read(self) -> bool:
        """Whether another command reads its output."""
        return "$(" in self.program.command.nest

    @property
    def later(self) -> tuple[Program, ...]:
        """The programs of its RUN that stand behind it."""
        programs, start = self.body.reading.programs, self.program.words[0].start
        for at, each in enumerate(programs):
            if each.view is self.program.view and each.words[0].start == start:
                return programs[at + 1 :]
        return ()

    def place(self, offset: int) -> int:
        """Give the place in the file of a character of the program's script."""
        return self.start + self.body.view.at(self.program.view.at(offset))

    def after(self, word: Word) -> int:
        """Give the place in the file right behind a word's last character."""
        return self.place(word.end - 1) + 1

    def span(self) -> Span:
        """Give the span in the file from the tool's name to its subcommand."""
        return Span(self.place(self.program.words[0].start), self.after(self.anchor))


class Calls(NamedTuple):
    """The calls of an installer in a stage, in order, and places that may be one, with reasons."""

    calls: tuple[Call, ...]
    undecided: tuple[tuple[int, str], ...]


def find_calls(facts: Facts, stage: StageFacts, tool: Tool) -> Calls:
    """Give the calls of a tool in a stage.

    Raises environment.Unexpandable where a call hangs on a variable that BuildKit can't expand.
    """
    found: list[Call] = []
    undecided: list[tuple[int, str]] = []
    for number in runs(facts, stage, tool.signs):
        instruction = facts.document.instructions[number]
        run = facts.run(number)
        onbuild = instruction.keyword == "ONBUILD"
        for each in _of_run(facts, number, run, tool):
            if isinstance(each, Call):
                found.append(each._replace(start=instruction.start, onbuild=onbuild))
            else:
                undecided.append((instruction.start + each[0], each[1]))
    return Calls(tuple(found), tuple(undecided))


def runs(facts: Facts, stage: StageFacts, signs: tuple[str, ...]) -> Iterator[int]:
    """Give the numbers of a stage's RUNs, of those of ONBUILD too, that have one of some signs."""
    document = facts.document
    for number in range(stage.stage.first + 1, stage.stage.last):
        instruction = document.instructions[number]
        keyword = instruction.keyword
        if keyword == "RUN" or (keyword == "ONBUILD" and inner(instruction)[0] == "RUN"):
            text = document.text[instruction.start : instruction.end]
            if any(sign in text for sign in signs):
                yield number


def _of_run(facts: Facts, number: int, run: Run, tool: Tool) -> Iterator[Call | tuple[int, str]]:
    for part in run.unread:
        if _mentioned(tool, part.text):
            yield part.offset, part.reason
    for body in run.bodies:
        for view, script in body.reading.nested:
            if isinstance(script, Python) and _mentioned(tool, script.text):
                yield body.view.at(view.at(0)), not_a_shell("Python")
        known: Mapping[str, str] | None = None
        for each in body.reading.programs:
            program = each
            first = program.words[0]
            behind = spelled([word.value for word in program.words], tool)
            given: Program | None = program
            why = ""
            if not behind and HOLE in first.value:
                if known is None:
                    known = {**facts.stages.environment(number).names, **assigned(body)}
                given, why = _by_variable(program, tool, known)
                if given is not None:
                    program = given
                    behind = spelled([word.value for word in program.words], tool)
            if not behind and given is not None and _may_run(program, tool):
                why = f"whether {program.name!r} runs these words is not known"
            call = _call(tool, body, program, behind, number) if behind else None
            if isinstance(call, Call):
                yield call
            else:
                why = call or why
                if why:
                    yield body.view.at(program.view.at(first.start)), why


def spelled(values: list[str], tool: Tool) -> int:
    """Give how many of some words spell a tool: 0 if none, 3 for `python -m uv`."""
    name = values[0].rpartition("/")[2]
    if name in tool.names:
        return 1
    if not tool.modules or not _PYTHON.match(name):
        return 0
    at = 1
    while at < len(values) and values[at].startswith("-"):
        value = values[at]
        module = _PYTHON_M.match(value)
        if module is not None:
            named = module[1] or "".join(values[at + 1 : at + 2])
            return at + (1 if module[1] else 2) if named in tool.modules else 0
        at += 2 if value in _PYTHON_WITH_VALUE else 1
    return 0


def _by_variable(
    program: Program, tool: Tool, known: Mapping[str, str]
) -> tuple[Program | None, str]:
    """Give a program named by a variable with the words that this holds, or why they are unknown.

    Neither where it is none of the tool's.
    """
    words = program.words
    name = variable(program, words[0])
    value = known.get(name, HOLE) if name else HOLE
    if HOLE not in value:
        raw = program.view.text[words[0].start : words[0].end]
        given = [value] if raw[0] == '"' else value.split()  # quoted, it is one word
        held = tuple(words[0]._replace(value=each) for each in given)
        combined = (*held, *words[1:])
        return (program._replace(words=combined) if combined else None), ""
    if _may_run(program, tool):
        return None, f"the value of ${name or '{…}'} is not known"
    behind = tuple(word.value for word in words[1:])
    parts = re.split(r"[^a-z]+", name.lower())
    if tool.names.isdisjoint(parts) or _subcommand(behind, tool) is None:
        return None, ""
    return None, f"the value of ${name} is not known"


def _subcommand(values: tuple[str, ...], tool: Tool) -> tuple[str, ...] | None:
    """Give the words that tell what a call does, where `values` begin with such words."""
    for count in (2, 1):
        if values[:count] in tool.subcommands:
            return values[:count]
    return None if tool.subcommands else ()


def _call(tool: Tool, body: Body, program: Program, behind: int, number: int) -> Call | str | None:
    """Read a call, spelled by `behind` words: None if of no interest, or why it is not known."""
    words = program.words
    end = at = behind
    ahead: list[Word] = []
    found: list[str] = []
    while tool.subcommands and at < len(words) and words[at].value != "--":
        value = words[at].value
        if value.startswith("-"):
            count = 2 if value in tool.with_value else 1
            ahead.extend(words[at : at + count])
            at += count
            continue
        if HOLE in value:
            return f"what {tool.label} is to do stands in a variable"
        found.append(value)
        at += 1
        end = at
        if not any(each[: len(found)] == tuple(found) != each for each in tool.subcommands):
            break
    if tool.subcommands and tuple(found) not in tool.subcommands:
        return None
    spelling = " ".join([*(_written(program, word) for word in words[:behind]), *found])
    place = number, 0, False
    return Call(
        tool,
        body,
        program,
        spelling,
        tuple(found),
        words[end - 1],
        tuple(ahead),
        words[end:],
        *place,
    )


def _written(program: Program, word: Word) -> str:
    """Give a word's value, or as it is written where a variable of no known value is in it."""
    return program.view.text[word.start : word.end] if HOLE in word.value else word.value


def _may_run(program: Program, tool: Tool) -> bool:
    """Tell whether a program that is not known is given the words of a call."""
    values = tuple(word.value for word in program.words)
    if len(values) < 3 or not tool.subcommands or _TAKE_DATA.fullmatch(program.name):
        return False
    for at in range(1, len(values) - 1):
        if values[at].rpartition("/")[2] in tool.names and _subcommand(values[at + 1 :], tool):
            return True
    return False


def _mentioned(tool: Tool, text: str) -> bool:
    """Tell whether a text that is not followed seems to call a tool."""
    for name in tool.names:
        for match in re.finditer(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text):
            words = tuple(text[match.end() :].split(None, 3)[:2])
            if not tool.subcommands or _subcommand(words, tool):
                return True
    return False


# -- what holds for a call -------------------------------------------------------------------------


def variables(facts: Facts, call: Call) -> dict[str, str]:
    """Give the variables in force for a call: ENV, ARG, those that its script and it itself set.

    A sudo that was not told to keep them takes the first three away.
    """
    found: dict[str, str] = {}
    if not _resets(call):
        found.update(facts.stages.environment(call.instruction).names)
        found.update(assigned(call.body))
    for word in call.program.variables:
        name, _, value = word.value.partition("=")
        found[name] = value
    return found


def _resets(call: Call) -> bool:
    if "sudo" not in call.program.wrappers:
        return False
    command, text = call.program.command, call.program.view.text
    return not re.search(r"\s(?:-\w*E|--preserve-env)", text[command.start : command.end])


def cache_dir(facts: Facts, call: Call, named: str | None = None) -> str | None:
    """Give the folder of a call's cache; None where it hangs on what only the image knows.

    `named` is what an option of the call says.
    """
    given = variables(facts, call)
    moved = named or (given.get(call.tool.variable) if call.tool.variable else "")
    if moved:
        return moved.rstrip("/")
    if given.get("XDG_CACHE_HOME"):
        return f"{given['XDG_CACHE_HOME'].rstrip('/')}/{call.tool.folder}"
    sudo = "sudo" in call.program.wrappers
    home = given.get("HOME") or facts.home(call.instruction, sudo=sudo)
    return f"{home.rstrip('/')}/.cache/{call.tool.folder}" if home else None


def mount_over(
    facts: Facts, call: Call, cache: str | None, types: tuple[str, ...] = ("cache", "tmpfs")
) -> Mount | None:
    """Give the mount, of those of a call's RUN, that keeps a folder out of the image; or None.

    It is of one of `types`, over the folder or one above it. Where `cache` is None, one over the
    tool's usual place is.
    """
    for mount in facts.stages.mounts(call.instruction):
        if mount.type not in types or not mount.target:
            continue
        target = mount.target.rstrip("/")
        if cache is None:  # the home of a user that only the image knows
            if target.endswith((f"/.cache/{call.tool.folder}", "/.cache")):
                return mount
        elif cache == target or cache.startswith(target + "/"):
            return mount
    return None
