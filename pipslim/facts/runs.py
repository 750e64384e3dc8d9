"""What a RUN executes: its scripts or its exec form, each with its place in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipslim.facts.programs import SHELLS, Reading, plain_heredoc, read, read_exec
from pipslim.syntax.parser import flags_of, json_strings
from pipslim.syntax.shell import Opaque, Script
from pipslim.syntax.source import View

if TYPE_CHECKING:
    from pipslim.syntax.document import Document, Heredoc, Instruction

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([^\s/]+)")
_HEREDOC_ALONE = re.compile(r"""\d*<<-?(?:[^\s'"<]|'[^']*'|"[^"]*")+\s*$""")
_ONBUILD = re.compile(r"([A-Za-z]+)[ \t\v\f\r]+")


class Body(NamedTuple):
    """A script, or an exec form, that a RUN executes; `view` maps its text into the file."""

    view: View
    reading: Reading
    exec_form: bool


class Unread(NamedTuple):
    """A part of a RUN that is not followed: where it stands in the file, its text, and why."""

    offset: int
    text: str
    reason: str


class Run(NamedTuple):
    """A RUN, or the RUN of an ONBUILD: number of the instruction, what it executes."""

    instruction: int
    onbuild: bool
    bodies: tuple[Body, ...]
    unread: tuple[Unread, ...]


def inner_keyword(instruction: Instruction) -> tuple[str, int]:
    """Give keyword and offset of the arguments, those of the inner one for an ONBUILD."""
    if instruction.keyword != "ONBUILD":
        return instruction.keyword, instruction.args
    match = _ONBUILD.match(instruction.view.text, instruction.args)
    return (match[1].upper(), match.end()) if match else ("", instruction.args)


def read_run(document: Document, index: int, posix: bool) -> Run:
    """Read the RUN at `index`; `posix` tells whether a POSIX shell reads its shell form."""
    instruction = document.instructions[index]
    _, args = inner_keyword(instruction)
    onbuild = instruction.keyword == "ONBUILD"
    text = instruction.view.text
    _, start = flags_of(text, args, document.escape)
    strings = json_strings(text, start)
    if strings is not None:
        if not strings:
            return Run(index, onbuild, (), ())
        return Run(index, onbuild, (Body(instruction.view, read_exec(text, strings), True),), ())
    if not posix:
        reason = "no POSIX shell runs it (SHELL, or a Windows base); such a script is left alone"
        return Run(index, onbuild, (), (Unread(instruction.view.at(start), text[start:], reason),))
    heredocs = instruction.heredocs
    if heredocs and _HEREDOC_ALONE.match(text, start):
        return _heredoc_script(document, index, onbuild, heredocs[0])
    script = text[start:]
    view = instruction.view
    body = Body(view.part(start, len(text)) if start else view, read(script, not heredocs), False)
    if not heredocs:
        return Run(index, onbuild, (body,), _unread(body))
    bodies, unread = [body], list(_unread(body))
    for heredoc, runs in zip(heredocs, _given_to_shells(body), strict=False):
        if not runs:
            continue
        inner = document.text[heredoc.body.start : heredoc.body.end]
        if heredoc.expand and not plain_heredoc(inner):
            reason = "a heredoc that is expanded before the shell reads it"
            unread.append(Unread(heredoc.body.start, inner, reason))
        else:
            more = Body(_whole(inner, heredoc.body.start), read(inner, True), False)
            bodies.append(more)
            unread.extend(_unread(more))
    return Run(index, onbuild, tuple(bodies), tuple(unread))


def _whole(text: str, start: int) -> View:
    return View(text, ((0, start, len(text)),))


def _heredoc_script(document: Document, index: int, onbuild: bool, heredoc: Heredoc) -> Run:
    """Read `RUN <<EOF`: the body is the script; its first line may name who runs it."""
    text = document.text[heredoc.body.start : heredoc.body.end]
    shebang = _SHEBANG.match(text)
    if shebang is not None and shebang[1] not in SHELLS:
        reason = f"a script for {shebang[1]}, not for a shell"
        return Run(index, onbuild, (), (Unread(heredoc.body.start, text, reason),))
    body = Body(_whole(text, heredoc.body.start), read(text, True), False)
    return Run(index, onbuild, (body,), _unread(body))


def _given_to_shells(body: Body) -> list[bool]:
    """Tell for each heredoc operator of a script, in order, whether a shell reads it as script."""
    script = body.reading.script
    if not isinstance(script, Script):
        return []
    shells = {
        program.command.start
        for program in body.reading.programs
        if program.name in SHELLS
        and all(w.value.startswith("-") and "c" not in w.value for w in program.words[1:])
    }
    found = [
        (redirect.start, command.start in shells)
        for command in script.commands
        for redirect in command.redirects
        if redirect.operator in ("<<", "<<-")
    ]
    return [runs for _, runs in sorted(found)]


def _unread(body: Body) -> tuple[Unread, ...]:
    """Give the scripts of a body that could not be followed, with their places in the file."""
    found: list[Unread] = []
    script = body.reading.script
    if isinstance(script, Opaque):
        at = min(script.offset, len(body.view.text) - 1)
        found.append(Unread(body.view.at(max(at, 0)), body.view.text, script.reason))
    for view, inner in body.reading.nested:
        if isinstance(inner, Opaque) and view.text:
            found.append(Unread(body.view.at(view.at(0)), view.text, inner.reason))
    return tuple(found)
