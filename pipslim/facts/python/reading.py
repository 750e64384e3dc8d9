"""The pip calls of a Python script: the lists and the shell scripts that it has others run."""

from __future__ import annotations

import ast

from pipslim.facts.flag import FLAG
from pipslim.facts.mentions import mention_in
from pipslim.facts.pipcalls import CACHE_WRITERS, behind_pip, is_python, may_run
from pipslim.facts.programs import Frame, Reader
from pipslim.facts.python.chars import HOLE_TEXT
from pipslim.facts.python.environ import Environ
from pipslim.facts.python.names import Names, calls
from pipslim.facts.python.runners import ARGV, WHO_RUNS, Runner, Runners
from pipslim.facts.python.source import Source, parsed
from pipslim.facts.python.values import MANY, Element, Values
from pipslim.syntax.script import HOLE, Command, Opaque, Python, Script, Word
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.facts.programs import Program
    from pipslim.facts.python.chars import Chars
    from pipslim.syntax.source import View

_NOT_OWN = "what pip is to do stands in a variable"
_MAYBE_OFF = "it may be given --no-cache-dir already, from elsewhere"
_ARGV = "what sys.argv is then is not known"
_FIRST_ALONE = "with shell=True, the first word of a list alone is run"
_IN_PYTHON = "Python in Python is not followed"
_WHETHER_SHELL = "whether a shell runs this text is not known"


class Around(NamedTuple):
    """What a Python script is run with.

    `program` is the call of Python in a shell script, or None where there is none; `how` names what
    it was given by, as a wrapper. `python` is the Python as written.
    """

    program: Program | None
    how: str
    python: str


class Found(NamedTuple):
    """What a script has others run: programs, and the scripts in it, the Python itself first."""

    programs: tuple[Program, ...]
    nested: tuple[tuple[View, Script | Opaque | Python], ...]


def read(view: View, around: Around) -> Found:
    """Read a script in Python; `view` leads to the text that around it is read."""
    source = parsed(view.text)
    if isinstance(source, str):
        return Found((), ((view, not_read(view.text, view.text, source)),))
    reading = _Reading(view, source, around)
    reading.take()
    undecided = tuple(sorted(reading.undecided.items()))
    python = Python(view.text, undecided)
    return Found(tuple(reading.programs), ((view, python), *reading.nested))


def not_read(text: str, said: str, why: str) -> Python:
    """Give a script that is not read: `said` is what it says, as far as that is known."""
    return Python(text, ((0, why),) if mention_in(said) else ())


class _InPython(Reader):
    """Follows the words of a list in Python: a script in one of them is a literal there."""

    __slots__ = ("_views",)

    def __init__(self, views: dict[int, View]) -> None:
        super().__init__()
        self._views = views

    def word(self, word: Word, frame: Frame) -> None:
        """Follow the script that a word holds."""
        inner = self._views.get(word.start) if frame.listed else None
        if not frame.listed:
            super().word(word, frame)
        elif inner is not None:
            self.script(inner, frame)


class _Reading:
    """A script on its way."""

    __slots__ = (
        "_around",
        "_environ",
        "_frame",
        "_seen",
        "_source",
        "_values",
        "_view",
        "nested",
        "programs",
        "undecided",
    )

    def __init__(self, view: View, source: Source, around: Around) -> None:
        self._view = view
        self._source = source
        self._around = around
        self._values = Values(source, Names(source.nodes), around.python)
        self._environ = Environ(self._values)
        self._seen: set[int] = set()  # places of what was read, as other calls may have it too
        self.programs: list[Program] = []
        self.nested: list[tuple[View, Script | Opaque | Python]] = []
        self.undecided: dict[int, str] = {}
        program = around.program
        nest = (*(program.command.nest if program is not None else ()), around.how)
        command = Command((), (), (), 0, len(view.text), nest, "")
        wrappers = (*(program.wrappers if program is not None else ()), around.how)
        outer = program.outer if program is not None else 0
        self._frame = Frame(command, view, wrappers, outer, True, True)

    def take(self) -> None:
        """Read the calls of the script, then what else in it looks like one of pip."""
        runners = Runners(self._source.nodes, self._values.names)
        for call in calls(self._source.nodes):
            runner = runners.of(call)
            if runner is not None:
                self._run(call, runner, runners)
        for place, why in runners.leftover(self._values, self._seen):
            self._undecided(place, why)

    def _undecided(self, offset: int, reason: str) -> None:
        self.undecided.setdefault(offset, reason)

    def _run(self, call: ast.Call, runner: Runner, runners: Runners) -> None:
        """Read one call that has something run."""
        given = runner.given(call)
        if runner.kind == ARGV or (given is None and runner.ahead):
            given = runners.argv
            if given is None:
                self._undecided(self._source.span(call)[0], _ARGV)
                return
        if given is None:
            return
        values, start = self._values, self._source.span(given)[0]
        shell = runner.shell(call)
        if shell is not False:
            words = values.joined(given)
            if words is not None:
                self._list(call, words, runner)
                return
            elements = values.elements(given)
            if elements is not None:
                if shell is None:
                    self._list(call, elements, runner)
                elif any("pip" in each.value for each in elements):
                    self._undecided(start, _FIRST_ALONE)
                return
            chars = values.text(given)
            if chars is None:
                if mention_in(self._source.raw(given)):
                    self._undecided(start, WHO_RUNS)
            elif shell:
                self._script(call, chars)
            elif mention_in(chars.text):
                self._undecided(start, _WHETHER_SHELL)
            return
        elements = values.elements(given)
        if elements is not None:
            self._list(call, elements, runner)
            return
        if isinstance(given, ast.Name):
            self._doubtful(given, start)
            return
        chars = runners.split(given, values)
        if chars is not None:
            self._script(call, chars)
        elif mention_in(self._source.raw(given)):
            self._undecided(start, WHO_RUNS)

    def _doubtful(self, name: ast.Name, start: int) -> None:
        """Tell of a name that is given a call of pip, but may stand for something else as well."""
        names, values = self._values.names, self._values
        for each in names.all(name.id):
            if values.is_call(values.elements(each) or ()):
                self._undecided(start, f"{name.id} {names.doubt(name.id)}")

    # -- lists ---------------------------------------------------------------------------------

    def _list(self, call: ast.Call, elements: list[Element], runner: Runner) -> None:
        """Read the words of a list."""
        if runner.kind == ARGV or (runner.ahead and runner.given(call) is None):
            elements = elements[1:]  # the program's own name
        if not elements:
            return
        ahead = [Word(elements[0].start, elements[0].end, each) for each in runner.ahead]
        if ahead:
            ahead[0] = ahead[0]._replace(value=self._around.python)
        words = [*ahead, *(Word(each.start, each.end, each.value) for each in elements)]
        own = {each.start for each in elements if each.own}
        anchor = next((w for w in words if w.start in own and w.value in CACHE_WRITERS), None)
        if anchor is not None:  # what stands behind it in the script, and comes first, is put there
            at = words.index(anchor)
            ahead = [w if w.start < anchor.start else anchor._replace(value=w.value) for w in words]
            words[:at] = ahead[:at]
        views = {
            each.start: view
            for each in elements
            if each.own and " " in each.value and (view := self._literal(each)) is not None
        }
        span = self._source.span(call)
        command = self._frame.command._replace(start=span[0], end=span[1])
        follower = _InPython(views)
        follower.follow(tuple(words), self._frame._replace(command=command))
        for program in follower.programs:
            self._program(call, program, own)
        self.nested += follower.nested

    def _literal(self, element: Element) -> View | None:
        node = ast.Constant(element.value)
        chars = self._values.literal_at(node, element.start, element.end)
        return chars.view(self._view) if chars is not None and chars.text else None

    def _program(self, call: ast.Call, program: Program, own: set[int]) -> None:
        """Take in a program that is, or may be, pip; `own` are the places of a list's literals."""
        words = program.words
        behind = behind_pip(words)
        if not behind and HOLE in words[0].value and not is_python(words[0].value):
            self._by_value(program)
            return
        if not behind:
            inner = is_python(words[0].value) and any(mention_in(word.value) for word in words)
            why = _IN_PYTHON if inner else may_run(program)
            if why:
                self._undecided(self._place(program), why)
            return
        if program.listed and not self._takes_flag(program, behind, own):
            return
        around = self._around.program
        variables = around.variables if around is not None else ()
        variables = (*variables, *self._environ.of(call), *program.variables)
        self.programs.append(program._replace(variables=variables))

    def _by_value(self, program: Program) -> None:
        """Tell of a program that may be pip, by a value that is not known."""
        words = program.words
        text = self._source.text if program.listed else program.view.text
        written = f"the value of {' '.join(text[words[0].start : words[0].end].split())[:40]}"
        if HOLE_TEXT in written:
            written = "what is filled in ahead of it"
        rest = words[1:]
        at = behind_pip((Word(0, 0, "python"), *rest)) or int("pip" in written.lower())
        if rest and behind_pip(rest):
            at = 1 + behind_pip(rest)
            if program.listed and self._values.is_uv(Element(HOLE, *words[0][:2], own=False)):
                return
        if at and any(word.value in CACHE_WRITERS for word in words[at : at + 2]):
            self._undecided(self._place(program), f"{written} is not known")

    def _takes_flag(self, program: Program, behind: int, own: set[int]) -> bool:
        """Tell whether a list that is a call of pip may get the flag; tell why not, where not."""
        words = program.words
        anchor = next((w for w in words[behind:] if not w.value.startswith("-")), None)
        if anchor is None or anchor.value not in CACHE_WRITERS:
            return True
        if anchor.start not in own:
            self._undecided(self._place(program), _NOT_OWN)
            return False
        if anchor.start in self._seen:
            return False  # the same literal, of a list that two calls are given
        self._seen.add(anchor.start)
        values = [word.value for word in words]
        if MANY in values and FLAG not in values and FLAG in self._source.text:
            self._undecided(self._place(program), _MAYBE_OFF)
            return False
        return True

    def _place(self, program: Program) -> int:
        """Give the offset of a program in the script."""
        start = program.words[0].start
        if program.listed:
            return start
        place = program.view.at(start)
        found = self._view.covered(place, place + 1)
        return found[0][0] if found else 0

    # -- shell scripts -------------------------------------------------------------------------

    def _script(self, call: ast.Call, chars: Chars) -> None:
        """Read a text that a shell runs."""
        if not chars.offsets or chars.offsets[0] in self._seen:
            return
        self._seen.add(chars.offsets[0])
        if "pip" not in chars.text.lower():
            return
        follower = _InPython({})
        frame = self._frame
        span = self._source.span(call)
        follower.script(
            chars.view(self._view),
            frame._replace(command=frame.command._replace(start=span[0], end=span[1])),
        )
        for program in follower.programs:
            self._program(call, program, set())
        self.nested += follower.nested
