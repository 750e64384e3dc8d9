"""What a Dockerfile brings for pip's settings files, instruction by instruction."""

from __future__ import annotations

import re

from pipslim.facts.conf import PATH as GLOBAL
from pipslim.facts.conf import near
from pipslim.facts.context import Context, Found, Nowhere
from pipslim.facts.settings import Keys, normalized
from pipslim.syntax.forms import json_strings
from pipslim.syntax.script import HOLE, Script
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pipcalls import PipCall
    from pipslim.facts.runs import Body
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Instruction
    from pipslim.syntax.script import Command

_USERS = ("/.config/pip/pip.conf", "/.pip/pip.conf")  # below a home
_NULL = "/dev/null"
_VARIABLE = "PIP_CONFIG_FILE"

# What is brought, and how: a file of the context; a heredoc of a COPY; text that a RUN writes;
# `pip config set`; nothing but the order to read no file; what cannot be read.
FILE, HEREDOC, WRITTEN = "file", "heredoc", "written"
SET, DROPPED, UNREAD = "set", "dropped", "unread"

_ESCAPE = lazy(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}
_HARMLESS = frozenset(("chmod", "chown", "chgrp", "ls", "mkdir", "touch"))
_KEEPS = lazy(r"[A-Za-z-]+[ \t]*[=:][^\n]*\Z")


class Brought(NamedTuple):
    """Settings that an instruction brings: its `number`, and one of the kinds above.

    `text` is what the file is then, as far as this instruction alone tells; `path` is the file's in
    the context, `offset` where the text begins in the Dockerfile. What a RUN writes stands behind
    `command`, the last one of its script `body` that does so; `appends` tells that what was in the
    file stays. `keys` are those that `pip config set` sets, `call` is the last such call. `user`
    tells that the settings are those of one user. `why` says what is in the way of reading it.
    `begins` is the instruction that `text` begins with, where this one adds to it.
    """

    number: int
    kind: str
    text: str = ""
    path: str = ""
    offset: int = -1
    body: Body | None = None
    command: int = -1
    appends: bool = False
    keys: Keys = {}  # noqa: RUF012 - never changed
    call: PipCall | None = None
    user: bool = False
    why: str = ""
    begins: int = -1

    @property
    def start(self) -> int:
        """The instruction from which on there are settings: an earlier one, that it appends to."""
        return self.number if self.begins < 0 else self.begins


def brought(facts: Facts, stage: StageFacts) -> list[Brought]:
    """Give what the instructions of a stage bring, in order."""
    return list(_Reader(facts, stage).read())


class _Reader:
    """Reads the instructions of one stage."""

    def __init__(self, facts: Facts, stage: StageFacts) -> None:
        self.facts = facts
        self.stage = stage

    def read(self) -> Iterator[Brought]:
        """Give what the instructions bring."""
        document = self.facts.document
        for number in range(self.stage.stage.first + 1, self.stage.stage.last):
            instruction = document.instructions[number]
            keyword = instruction.keyword
            text = document.text[instruction.start : instruction.end]
            if keyword in ("COPY", "ADD"):
                if "pip.conf" in text or near(self.facts, number):
                    yield from self.copied(number, instruction, text)
            elif keyword in ("ENV", "ARG"):
                if _VARIABLE in text:
                    yield from self.named(number)
            elif keyword == "RUN" and ("pip.conf" in text or "config" in text or _VARIABLE in text):
                yield from self.run(number, text)

    def copied(self, number: int, instruction: Instruction, text: str) -> Iterator[Brought]:
        """Give what a COPY or ADD puts where pip looks."""
        context = self.facts.context
        if context is None and instruction.heredocs:
            context = Context(self.facts, Nowhere())
        for target in (GLOBAL, *self.homes(number)):
            user = target != GLOBAL
            found = context.copied(target, number) if context is not None else None
            if isinstance(found, Found):
                if found.changed:
                    yield Brought(number, UNREAD, user=user, why="a RUN changes it on its way")
                else:
                    yield self.of(found, number, user=user)
                return
            missing = found is not None and "pip.conf" in text
            if _names(target, text, instruction) or (missing and not user):
                why = found.why if found is not None else ""
                yield Brought(number, UNREAD, user=user, why=why)
                return

    def of(self, found: Found, number: int, *, user: bool = False) -> Brought:
        """Give what was found as what an instruction brings."""
        kind = FILE if found.path else HEREDOC
        return Brought(number, kind, found.text, found.path, found.offset, user=user)

    def named(self, number: int) -> Iterator[Brought]:
        """Give what a variable names for a file of settings."""
        value = self.facts.stages.environment(number + 1).names.get(_VARIABLE)
        if value is None or value == self.facts.stages.environment(number).names.get(_VARIABLE):
            return
        if value == _NULL:
            yield Brought(number, DROPPED)
        elif value:
            yield self.read_at(value, number)

    def read_at(self, path: str, number: int) -> Brought:
        """Give the file that a variable, set at `number`, names to the first call of pip."""
        uses = [use for use in self.facts.pips(self.stage).uses if use.instruction > number]
        context = self.facts.context
        if context is None or not uses or not path.startswith("/"):
            return Brought(number, UNREAD)
        found = context.read(path, uses[0].instruction)
        if not isinstance(found, Found):
            return Brought(number, UNREAD, why=found.why)
        if found.changed:
            return Brought(number, UNREAD, why="a RUN changes it on its way")
        return self.of(found, max(found.number, number))

    def homes(self, number: int) -> list[str]:
        """Give where the user of an instruction has settings of its own."""
        home = self.facts.stages.environment(number).names.get("HOME")
        if not home and self.facts.root(number) is not False:
            home = "/root"
        return [home.rstrip("/") + each for each in _USERS] if home else []

    # -- RUN -----------------------------------------------------------------------------------

    def run(self, number: int, text: str) -> Iterator[Brought]:
        """Give what a RUN writes, sets, or mounts for itself."""
        for mount in self.facts.stages.mounts(number):
            if mount.target == GLOBAL:
                context = self.facts.context
                found = context.read(GLOBAL, number) if context and mount.type == "bind" else None
                if isinstance(found, Found) and not found.changed:
                    yield self.of(found, number)
                else:
                    yield Brought(number, UNREAD)
                return
        if GLOBAL in text or _VARIABLE in text:
            yield self.written(number)
        if "config" in text:
            yield from self.set(number, text)

    def written(self, number: int) -> Brought:
        """Give what a RUN writes to the one file, where its text is plain to see."""
        unread = Brought(number, UNREAD)
        bodies = self.facts.run(number).bodies
        if len(bodies) != 1 or bodies[0].exec_form or self.facts.run(number).unread:
            return unread
        body = bodies[0]
        script = body.reading.script
        if not isinstance(script, Script) or _VARIABLE in body.view.text:
            return unread
        parts: list[str] = []
        last, appends = -1, False
        for at, command in enumerate(script.commands):
            if GLOBAL not in body.view.text[command.start : command.end]:
                continue
            if command.name in _HARMLESS and not command.redirects:
                continue
            part = _output(command, body, self.heredoc(number))
            following = script.commands[at + 1].lead if at + 1 < len(script.commands) else ""
            if part is None or command.nest or "||" in (command.lead, following):
                return unread
            adds = command.redirects[0].operator == ">>"
            if not parts:
                appends = adds
            elif not adds:
                parts, appends = [], False
            parts.append(part)
            last = at
        if body.view.text.count(GLOBAL) > len(parts) + _mentioned(body, script):
            return unread
        if last < 0:
            return unread
        return Brought(number, WRITTEN, "".join(parts), body=body, command=last, appends=appends)

    def heredoc(self, number: int) -> str | None:
        """Give the data of the one heredoc of a RUN; None where there is none, or more."""
        instruction = self.facts.document.instructions[number]
        if len(instruction.heredocs) != 1 or instruction.heredocs[0].chomp:
            return None
        start, end = instruction.heredocs[0].body
        return self.facts.document.text[instruction.start + start : instruction.start + end]

    def set(self, number: int, text: str) -> Iterator[Brought]:
        """Give what `pip config set` sets."""
        keys: dict[bool, Keys] = {}
        last: dict[bool, PipCall] = {}
        found = False
        for use in self.facts.pips_of(number):
            call = use.call
            if call.subcommand != "config":
                continue
            found = True
            words = [word.value for word in call.options]
            options = [word for word in words if word.startswith("-")]
            plain = [word for word in words if not word.startswith("-")]
            user = "--global" not in options
            if plain[:1] != ["set"]:
                if plain[:1] in (["unset"], ["edit"]):
                    yield Brought(number, UNREAD, user=user)
                    return
                continue
            if len(plain) != 3 or call.program.wrappers or call.program.command.nest:
                yield Brought(number, UNREAD, user=user)
                return
            section, _, key = plain[1].partition(".")
            keys.setdefault(user, {})[section, normalized(key)] = plain[2]
            last[user] = call
        for user, each in keys.items():
            yield Brought(number, SET, keys=each, call=last[user], user=user)
        if not found and re.search(r"pip[\d.]* config\b.*--global", text):
            yield Brought(number, UNREAD)


def _names(target: str, text: str, instruction: Instruction) -> bool:
    """Tell whether a COPY that could not be followed names a path of pip's settings."""
    if target != GLOBAL:
        return False
    if "pip" not in text:
        return False
    if GLOBAL in text:
        return True
    words = json_strings(instruction.view.text, instruction.args)
    last = words[-1].value if words else instruction.arguments.split()[-1]
    return "pip.conf" in text and last.rstrip("/") == "/etc"


def _mentioned(body: Body, script: Script) -> int:
    """Count the words of harmless commands that name the file."""
    return sum(
        word.value == GLOBAL
        for command in script.commands
        if command.name in _HARMLESS and not command.redirects
        for word in command.words
    )


def _output(command: Command, body: Body, heredoc: str | None) -> str | None:
    """Give what a command writes to the file that its output goes to; None where that is unsure.

    `heredoc` is the data of a heredoc of its RUN.
    """
    operators = sorted([each.operator for each in command.redirects])
    outputs = [each for each in command.redirects if each.operator in (">", ">>", ">|")]
    if len(outputs) != 1 or outputs[0].target.value != GLOBAL or command.assignments:
        return None
    words = [word.value for word in command.words]
    if command.name == "cat" and len(words) == 1 and operators[0] == "<<" and len(operators) == 2:
        if command.heredocs:
            start, end, _ = command.heredocs[0]
            heredoc = body.view.text[start:end]
        return heredoc
    if len(operators) != 1:
        return None
    text = _echoed(words) if command.name == "echo" else None
    if command.name == "printf":
        text = _printed(words)
    return text if text is None or _plain(text) else None


def _echoed(words: list[str]) -> str | None:
    """Give what `echo` writes, as a shell does that takes a backslash and an n for a newline.

    To another one, what is added behind it is added behind the same section.
    """
    at = 1
    end = "\n"
    while at < len(words) and words[at] in ("-e", "-n", "-ne", "-en", "-E"):
        end = "" if "n" in words[at] else end
        at += 1
    return _unescaped(" ".join(words[at:])) + end


def _printed(words: list[str]) -> str | None:
    """Give what `printf` writes: a text without conversions, or each word as a line."""
    words = [word for at, word in enumerate(words) if at != 1 or word != "--"]
    if len(words) < 2:
        return None
    if words[1] in ("%s\\n", "%b\\n"):
        escaped = words[1].startswith("%b")
        return "".join([(_unescaped(each) if escaped else each) + "\n" for each in words[2:]])
    if len(words) > 2 or "%" in words[1].replace("%%", ""):
        return None
    return _unescaped(words[1].replace("%%", "%"))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), text)


def _plain(text: str) -> bool:
    """Tell whether what variables put in stands in values alone."""
    return all(
        HOLE not in line or _KEEPS.match(line.partition(HOLE)[0]) is not None
        for line in text.split("\n")
    )
