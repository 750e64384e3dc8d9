"""A Dockerfile together with the scripts that its RUNs run, as passes see them."""

from __future__ import annotations

from pipslim.facts.context import Found, Missing, writing
from pipslim.facts.known import Facts
from pipslim.facts.mentions import calls_pip
from pipslim.facts.pipcalls import is_python
from pipslim.facts.programs import SHELLS
from pipslim.facts.runs import SHEBANG, Run, installers, read_python, read_script, steps
from pipslim.facts.scripts import (
    EXECUTED,
    PYTHON,
    SOURCED,
    Folders,
    Where,
    assignments,
    is_script_name,
    paths,
    script_call,
)
from pipslim.fixes.base import PYTHON as SCRIPT_IN_PYTHON
from pipslim.fixes.base import SCRIPT
from pipslim.syntax.script import HOLE
from pipslim.syntax.source import BOM, Span
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.facts.context import Folder
    from pipslim.facts.options import Options
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body, Unread
    from pipslim.facts.scripts import ScriptCall
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

_MOST = 1 << 18  # characters; no script that somebody wrote is longer
_MOST_PLACES = 2000
_DEEPEST = 5


class Place(NamedTuple):
    """A script where a RUN runs it, or another script does that a RUN runs.

    `path` is its file in the context, empty where there is none; `text` the file's. `start` is
    where its copy stands in the text of `Followed.document`; it is -1 for a script that is not
    followed, and `why` says why. `number` is the RUN, `span` what in that, or in the copy of the
    other script, runs it. `kind` is that of `pipslim.fixes.base`.
    """

    path: str
    text: str
    start: int
    number: int
    span: Span
    why: str = ""
    kind: str = SCRIPT


class _Frame(NamedTuple):
    """What a script is run with: by which RUN, from where, inside which programs and scripts."""

    number: int
    where: Where
    outer: Program | None
    around: tuple[str, ...]


class Followed(Facts):
    """What is true of a document whose RUNs also run the commands of scripts.

    `document` has the text of each script behind its own, once for each place where it is run. So
    all that is known of a call, and each edit, has an offset of its own there; no instruction
    spans them.
    """

    __slots__ = ("_runs", "_texts", "places")

    def __init__(self, document: Document, options: Options, folder: Folder) -> None:
        super().__init__(document, options, folder)
        reader = _Reader(Facts(document, options, folder))
        for number, instruction in enumerate(document.instructions):
            if instruction.keyword in ("RUN", "ONBUILD"):
                reader.take(number)
        self.places: tuple[Place, ...] = tuple(reader.places)
        self._context = reader.facts.context
        self._runs: Mapping[int, Run] = reader.runs
        self._texts: Mapping[int, str] = reader.texts
        self.document = document._replace(text="".join(reader.parts))

    def place(self, offset: int) -> Place | None:
        """Give the place whose copy of a script has an offset of the text; None for none."""
        for place in self.places:
            if 0 <= place.start <= offset <= place.start + len(place.text):
                return place
        return None

    def run(self, index: int) -> Run:
        """Give what the RUN at `index` executes, its scripts included."""
        return self._runs.get(index) or super().run(index)

    def text(self, index: int) -> str:
        """Give the text of the instruction at `index`, and that of scripts which it runs."""
        return super().text(index) + self._texts.get(index, "")

    def _pip_run(self, stage: StageFacts, index: int) -> Run | None:
        return self._runs.get(index) or super()._pip_run(stage, index)


class _Reader:
    """Reads the scripts that RUNs run, and those that they run."""

    __slots__ = ("facts", "length", "parts", "places", "runs", "texts", "unread")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.parts = [facts.document.text]
        self.length = len(facts.document.text)
        self.places: list[Place] = []
        self.runs: dict[int, Run] = {}
        self.texts: dict[int, str] = {}
        self.unread: list[Unread] = []

    def take(self, number: int) -> None:
        """Take in a RUN: where it runs scripts, with those."""
        facts = self.facts
        run = facts.run(number)
        context = facts.context
        assert context is not None
        known = len(self.parts)
        self.unread = []
        names = dict(facts.stages.environment(number).names)
        if "HOME" not in names and facts.root(number) is not False:
            names["HOME"] = "/root"
        bodies: list[Body] = []
        folders = Folders(context.workdir(number))
        for body in run.bodies:
            where = Where(None, "", assignments(body.view.text, body.reading.script, _of(names)))
            bodies += self.body(body, folders, _Frame(number, where, None, ()))
        if len(self.parts) > known:
            unread = (*run.unread, *self.unread)
            found, undecided, by_variable = steps(tuple(bodies), unread, None)
            text = self.texts[number] = "".join(self.parts[known:])
            installs = installers(facts.text(number) + text)
            self.runs[number] = Run(tuple(bodies), unread, found, undecided, by_variable, installs)

    def body(self, body: Body, folders: Folders, frame: _Frame) -> list[Body]:
        """Give a script's body parted where it runs other scripts, theirs in between."""
        found: list[Body] = []
        programs = body.reading.programs
        done = 0
        for at, program in enumerate(programs):
            folder = folders.at(program, body.view.text, body.reading.script)
            here = frame._replace(where=frame.where._replace(folder=folder))
            folders.take(program, here.where)
            call = script_call(program)
            more = self.script(body, program, call, folders, here) if call is not None else []
            if more:
                found.append(_part(body, programs[done : at + 1], frame.outer))
                found += more
                done = at + 1
        if done < len(programs) or not done:
            found.append(_part(body, programs[done:], frame.outer))
        return found

    def script(
        self, body: Body, program: Program, call: ScriptCall, folders: Folders, frame: _Frame
    ) -> list[Body]:
        """Give the bodies of the script that a program runs; none where it is not followed."""
        number, where, _, around = frame
        context = self.facts.context
        assert context is not None
        instruction = self.facts.document.instructions[number]
        at = [body.view.at(program.view.at(o)) for o in (call.word.start, call.word.end - 1)]
        span = Span(instruction.start + at[0], instruction.start + at[1] + 1)
        for path in paths(program, call, where):
            found = context.read(path, number)
            if isinstance(found, Missing):
                if call.how == PYTHON:
                    return []  # most have nothing to do with pip: a setup.py, a manage.py
                if found.named and (call.how != EXECUTED or is_script_name(path)):
                    self.places.append(Place("", "", -1, number, span, found.why))
                    return []
                continue
            reader = _reader(found.text) if call.how == EXECUTED else ""
            if call.how == PYTHON or (reader and is_python(reader)):
                if not calls_pip(found.text):
                    return []
                call = call._replace(how=PYTHON)
            elif reader and reader not in SHELLS:
                return []
            if found.path in around:
                return []  # it runs itself; the outer one is followed
            why = _refused(found) or self._refused_here(body, program, path, frame)
            kind = SCRIPT if call.how != PYTHON else SCRIPT_IN_PYTHON
            self.places.append(Place(found.path, found.text, -1, number, span, why, kind))
            if why:
                if call.how == SOURCED:
                    folders.lose()
                return []
            return self.follow(found, path, program, call, folders, frame)
        return []

    def _refused_here(self, body: Body, program: Program, path: str, frame: _Frame) -> str:
        """Tell why a script that could be read is not followed where a program runs it."""
        if self.facts.document.instructions[frame.number].keyword == "ONBUILD":
            return "ONBUILD runs it in other builds"
        if len(frame.around) >= _DEEPEST:
            return "too many scripts run one another"
        if len(self.places) >= _MOST_PLACES:
            return "too many scripts are run"
        if not program.exec_form:
            ahead = body.view.text
            if program.view.text == ahead:
                ahead = ahead[: program.command.start]
            if writing(path).search(ahead):
                return "the same RUN may change it"
        return ""

    def follow(
        self,
        found: Found,
        path: str,
        program: Program,
        call: ScriptCall,
        folders: Folders,
        frame: _Frame,
    ) -> list[Body]:
        """Read a script, the last one of the places, and those that it runs."""
        number = frame.number
        text = found.text
        # a newline around each copy: no word goes from one to the next
        start = self.length + 1
        self.parts += ("\n", text)
        self.length = start + len(text)
        self.places[-1] = self.places[-1]._replace(start=start)
        origin = self.facts.document.instructions[number].start
        outer = program if frame.outer is None else _inside(program, frame.outer)
        if call.how == PYTHON:
            python, unread = read_python(text, start - origin, outer)
            self.unread += unread
            return list(python)
        body, unread = read_script(text, start - origin)
        self.unread += unread
        sourced = call.how == SOURCED
        script = frame.where.script if sourced else path
        where = Where(frame.where.folder, script, frame.where.names)
        where = where._replace(names=assignments(text, body.reading.script, where))
        inner = Folders(frame.where.folder)
        bodies = self.body(body, inner, _Frame(number, where, outer, (*frame.around, found.path)))
        if sourced and inner.last != frame.where.folder:
            folders.lose()
        return bodies


def _of(names: Mapping[str, str]) -> Where:
    return Where(None, "", names)


def _reader(text: str) -> str:
    """Give who reads an executed script by its first line; a shell where that says nothing."""
    match = SHEBANG.match(text)
    return match[1] if match is not None else ""


def _refused(found: Found) -> str:
    """Tell why a script's text is not to be followed."""
    text = found.text
    if HOLE in text:
        return "it is no text"
    if found.changed:
        return "a RUN may change it on its way"
    if not found.path:
        return "it stands in a heredoc"
    if text.startswith(BOM):
        return "it begins with a byte order mark"
    if "\r" in text:
        return "its lines end in CRLF"
    if len(text) > _MOST:
        return "it is too long"
    return ""


def _part(body: Body, programs: tuple[Program, ...], outer: Program | None) -> Body:
    """Give a body with some of its programs, as they are inside the program that runs it."""
    if outer is not None:
        programs = tuple([_inside(program, outer) for program in programs])
    return body._replace(reading=body.reading._replace(programs=programs))


def _inside(program: Program, outer: Program) -> Program:
    """Give a program of a script as it is inside the one that runs the script."""
    command = program.command
    return program._replace(
        wrappers=outer.wrappers + program.wrappers,
        variables=outer.variables + program.variables,
        command=command._replace(nest=outer.command.nest + command.nest),
    )
