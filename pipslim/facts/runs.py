"""What a RUN executes: its scripts or its exec form, each with its place in the file."""

from __future__ import annotations

from pipslim.facts.bringers import Brings, brings
from pipslim.facts.mentions import calls_pip
from pipslim.facts.pipcalls import (
    PipCall,
    Undecided,
    assigned,
    call_by_variable,
    is_python,
    mentioned,
    named_by_variable,
    pip_call,
)
from pipslim.facts.programs import (
    SHELLS,
    Program,
    Reading,
    plain_heredoc,
    read,
    read_exec,
    reads_input,
)
from pipslim.syntax.forms import flags, json_strings
from pipslim.syntax.script import HOLE, Opaque, Python, Script
from pipslim.syntax.source import View
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.syntax.document import Document, Heredoc, Instruction

# What brings a whole Python or pip, and is told by more than the words of one program.
_INSTALLER_SIGNS = ("onda", "forge", "icromamba", "get-pip.py", "Python-", "pyenv install")
# what may be pip by the value of a variable: `$X install`
_BY_VARIABLE = lazy(r"\$\{?\w+\}?[\"']?\s+(?:install|wheel|download)\b")
SHEBANG = lazy(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([^\s/]+)")
_HEREDOC_ALONE = lazy(r"""\d*<<-?(?:[^\s'"<]|'[^']*'|"[^"]*")+\s*$""")


class Body(NamedTuple):
    """A script, or an exec form, that a RUN executes.

    `view` maps its text into the instruction: to offsets from the instruction's first character.
    """

    view: View
    reading: Reading
    exec_form: bool


class Unread(NamedTuple):
    """A part of a RUN that is not followed: its place in the instruction, its text, and why."""

    offset: int
    text: str
    reason: str


class Step(NamedTuple):
    """A program of a RUN that matters for what pip does: a call of pip, or what brings one."""

    body: Body
    program: Program
    call: PipCall | None
    brings: Brings | None


class Run(NamedTuple):
    """What a RUN, or the RUN of an ONBUILD, executes, wherever in a file it stands.

    `steps` are in order. `by_variable` tells that a variable names a program: with its value there
    may be more of them, see `steps`. `installs` is its whole text where that names an installer of
    a whole Python or pip, or nothing.
    """

    bodies: tuple[Body, ...]
    unread: tuple[Unread, ...]
    steps: tuple[Step, ...]
    undecided: tuple[Undecided, ...]
    by_variable: bool
    installs: str


_known: dict[tuple[int, str, bool], tuple[View, Run]] = {}
_MOST_KNOWN = 256


def forget() -> None:
    """Forget the Runs that are remembered, for measuring."""
    _known.clear()


# A RUN without signs neither brings, calls nor configures a pip, and is never scanned.
_SIGNS = ("pip", "PIP", "virtualenv", "venv", "onda", "easy_install", "Python-", "pyenv")


def _has_signs(text: str) -> bool:
    """Tell whether a RUN may have to do with pip, by its text."""
    for sign in _SIGNS:
        if sign in text:
            return True
    if "apk add" in text and "python3" in text:  # Alpine's Python brings a pip
        return True
    return "$" in text and _BY_VARIABLE.search(text) is not None


def read_run(document: Document, number: int, posix: bool) -> Run:
    """Read the RUN `number`; `posix` tells whether a POSIX shell reads its shell form.

    What a View reads as is remembered: the parser shares it among equal texts. So a file need not
    be read again after each round, where most of it is as it was: there is room for all of a long
    one.
    """
    instruction = document.instructions[number]
    bodies = ""  # of heredocs, which are not in the View
    if instruction.heredocs:
        bodies = document.text[instruction.start : instruction.end]
    key = id(instruction.view), bodies, posix
    known = _known.get(key)
    if known is None:
        if len(_known) >= max(_MOST_KNOWN, 2 * len(document.instructions)):
            _known.clear()
        known = _known[key] = instruction.view, _run(document, instruction, posix)
    return known[1]


def read_pip_run(document: Document, number: int, posix: bool) -> Run | None:
    """Read the RUN `number` as `read_run` does; None where it has no sign of any pip."""
    instruction = document.instructions[number]
    text = instruction.view.text
    if instruction.heredocs:
        text = document.text[instruction.start : instruction.end]
    return read_run(document, number, posix) if _has_signs(text) else None


def _run(document: Document, instruction: Instruction, posix: bool) -> Run:
    raw = document.text[instruction.start : instruction.end]
    bodies, unread = _read_run(raw, instruction, document.escape, posix)
    found, undecided, by_variable = steps(bodies, unread, None)
    installs = installers(raw)
    return record(Run, (bodies, unread, found, undecided, by_variable, installs))


def installers(raw: str) -> str:
    """Give a text if it names an installer of a whole Python or pip; nothing else."""
    for sign in _INSTALLER_SIGNS:
        if sign in raw:
            return raw
    return ""


def steps(
    bodies: tuple[Body, ...], unread: tuple[Unread, ...], names: Mapping[str, str] | None
) -> tuple[tuple[Step, ...], tuple[Undecided, ...], bool]:
    """Give the programs of a RUN that matter, in order, and what could not be decided.

    The third tells whether a variable names a program.

    `names` are the variables known before it (ENV and ARG), for `$PIP install`; None where the
    caller has not worked them out, which then leaves such words undecided.
    """
    by_variable = False
    found: list[Step] = []
    undecided = list(mentioned(unread)) if unread else []
    for body in bodies:
        known: dict[str, str] | None = None
        for program in body.reading.programs:
            if HOLE in program.words[0].value and named_by_variable(program):
                by_variable = True
                if known is None:
                    known = {**(names or {}), **assigned(body)}
                call = call_by_variable(body, program, known)
            else:
                call = pip_call(body, program)
            if isinstance(call, Undecided):
                undecided.append(call)
                call = None
            brought = brings(program) if call is None else None
            if call is not None or brought is not None:
                found.append(record(Step, (body, program, call, brought)))
        for view, inner in body.reading.nested:
            if isinstance(inner, Python):
                places = [(body.view.at(view.at(at)), why) for at, why in inner.undecided]
                undecided += [Undecided(*each) for each in places if each not in undecided]
    return tuple(found), tuple(undecided), by_variable


def _read_run(
    raw: str, instruction: Instruction, escape: str, posix: bool
) -> tuple[tuple[Body, ...], tuple[Unread, ...]]:
    view = instruction.view
    text = view.text
    _, start = flags(instruction, escape)
    strings = json_strings(text, start)
    if strings is not None:
        if not strings:
            return (), ()
        return (_with_python(Body(view, read_exec(text, strings), True)),), ()
    if start >= len(text):
        return (), ()
    if not posix:
        reason = "no POSIX shell runs it (SHELL, or a Windows base); such a script is left alone"
        return (), (Unread(view.at(start), text[start:], reason),)
    heredocs = instruction.heredocs
    scripts = [raw[h.body.start : h.body.end] for h in heredocs]
    if heredocs and _HEREDOC_ALONE.match(text, start):
        return _heredoc_script(scripts[0], heredocs[0])
    part = view.part(start, len(text))
    plain = record(Body, (part, read(part.text, not heredocs), False))
    body = _with_python(plain)
    if not heredocs:
        return (body,), _unread(body)
    bodies, unread = [body], list(_unread(body))
    for heredoc, script, reader in zip(heredocs, scripts, _readers(plain), strict=False):
        if reader is None:
            continue
        at = heredoc.body.start
        if reader.name not in SHELLS:
            more = _given_to_python(reader, heredoc, script)
            if more is not None:
                bodies.append(more)
                unread.extend(_unread(more))
        elif heredoc.expand and not plain_heredoc(script):
            reason = "a heredoc that is expanded before the shell reads it"
            unread.append(Unread(at, script, reason))
        else:
            more = _with_python(Body(_whole(script, at), read(script, True), False))
            bodies.append(more)
            unread.extend(_unread(more))
    return tuple(bodies), tuple(unread)


def read_script(text: str, start: int) -> tuple[Body, tuple[Unread, ...]]:
    """Read a whole script, and what of it cannot be followed.

    `start` is where its text begins, from the first character of the instruction that runs it.
    """
    body = _with_python(Body(_whole(text, start), read(text, True), False))
    return body, _unread(body)


def _whole(text: str, start: int) -> View:
    return View(text, ((0, start, len(text)),))


def _heredoc_script(text: str, heredoc: Heredoc) -> tuple[tuple[Body, ...], tuple[Unread, ...]]:
    """Read `RUN <<EOF`: the body is the script; its first line may name who runs it."""
    at = heredoc.body.start
    shebang = SHEBANG.match(text)
    if shebang is not None and shebang[1] not in SHELLS:
        if is_python(shebang[1]) and calls_pip(text):
            return read_python(text, at, chomp=heredoc.chomp)
        return (), (Unread(at, text, not_a_shell(shebang[1])),)
    body, unread = read_script(text, at)
    return (body,), unread


def not_a_shell(reader: str) -> str:
    """Tell why a script is not followed that something else than a shell reads."""
    return f"a script for {reader}, not for a shell"


# -- Python ----------------------------------------------------------------------------------------


def _with_python(body: Body) -> Body:
    """Give a body with what the Python does that it gives to Pythons in words and heredocs."""
    text = body.view.text
    if "import" not in text or "pip" not in text or "py" not in text:
        return body
    for program in body.reading.programs:
        if program.name.startswith(("python", "pypy")) and _may_call_pip(program):
            from pipslim.facts.python.given import followed

            return followed(body)
    return body


def _may_call_pip(program: Program) -> bool:
    """Tell whether a word, or a heredoc, of a Python may be a script that calls pip."""
    texts = [word.value for word in program.words]
    texts += [program.view.text[start:end] for start, end, _ in program.command.heredocs]
    return any(map(calls_pip, texts))


def read_python(
    text: str, start: int, program: Program | None = None, *, chomp: bool = False
) -> tuple[tuple[Body, ...], tuple[Unread, ...]]:
    """Read a whole script in Python, whose first line may name what runs it, as `read_script`.

    `program` is the call that runs it, None where that is the builder's.
    """
    from pipslim.facts.python.given import of_file

    body = of_file(text, start, program, chomp=chomp)
    return (body,), _unread(body)


def _given_to_python(program: Program, heredoc: Heredoc, script: str) -> Body | None:
    """Read the heredoc that a Python is given as its script; None where it has none to follow."""
    if not calls_pip(script):
        return None
    from pipslim.facts.python.given import of_heredoc

    return of_heredoc(script, program, heredoc)


def _readers(body: Body) -> list[Program | None]:
    """Give for each heredoc operator of a script, in order, the shell or Python that it is for.

    None for what reads it as data.
    """
    script = body.reading.script
    if not isinstance(script, Script):
        return []
    readers = {
        program.command.start: program
        for program in body.reading.programs
        if (program.name in SHELLS and reads_input(program.words)) or is_python(program.name)
    }
    found = [
        (redirect.start, command.start)
        for command in script.commands
        for redirect in command.redirects
        if redirect.operator in ("<<", "<<-")
    ]
    return [readers.get(start) for _, start in sorted(found)]


def _unread(body: Body) -> tuple[Unread, ...]:
    """Give the scripts of a body that could not be followed, with their places."""
    found: list[Unread] = []
    script = body.reading.script
    if isinstance(script, Opaque):
        at = min(script.offset, len(body.view.text) - 1)
        found.append(Unread(body.view.at(max(at, 0)), body.view.text, script.reason))
    for view, inner in body.reading.nested:
        if isinstance(inner, Opaque) and view.text:
            found.append(Unread(body.view.at(view.at(0)), view.text, inner.reason))
    return tuple(found)
