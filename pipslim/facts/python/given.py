"""Which programs are a Python that is given a script in words, and what that reads as."""

from __future__ import annotations

import re

from pipslim.facts.mentions import calls_pip
from pipslim.facts.pipcalls import is_python
from pipslim.facts.programs import unquoted
from pipslim.facts.python.chars import Chars
from pipslim.facts.python.reading import Around, Found, not_read, read
from pipslim.syntax.script import FILLED, HOLE, Command, Script, Word
from pipslim.syntax.source import View
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body
    from pipslim.syntax.document import Heredoc

# Options of the interpreter that stand alone, by their letters, and those with a value.
_ALONE = frozenset("bBdEhiIOPqRsSuvVx?")
_WITH_VALUE = frozenset("WX")
_LONG_WITH_VALUE = ("--check-hash-based-pycs",)
# What a shell fills in where a text is in double quotes, or in a heredoc that it expands.
_FILLS = re.compile(
    r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])"
    r"|\$\{[^{}'\"`\\$]*\}"
    r"|\$\([^()'\"`\\$]*\)"
    r"|`[^`\\]*`"
)
# who runs a script by its first line: a path, or what env finds
_SHEBANG = re.compile(r"#!\s*(?:\S*/env\s+(?:-\S+\s+)*)?(\S+)")
_FILLED = re.compile(f"{FILLED}+")
_UNCLEAR = "what the shell fills in cannot be told from the rest"
_MIXED = "a script of mixed quotes"


class Input(NamedTuple):
    """Where a Python has its script from: a word of its call, or standard input."""

    word: Word | None


def script_of(words: tuple[Word, ...]) -> Input | None:
    """Tell where a call of Python has its script from; None for a file or a module.

    Source: Python's documentation, "Command line and environment".
    """
    at = 1
    while at < len(words):
        value = words[at].value
        if value == "-":
            return Input(None)
        if value.startswith("--"):
            at += 2 if value in _LONG_WITH_VALUE else 1
            continue
        if not value.startswith("-"):
            return None
        for place, letter in enumerate(value[1:], 1):
            if letter == "c":
                # in one word with the option it begins amid the word: not followed
                attached = place + 1 < len(value)
                return Input(words[at + 1]) if not attached and at + 1 < len(words) else None
            if letter in _WITH_VALUE:
                at += 1 if place + 1 == len(value) else 0
                break
            if letter not in _ALONE:
                return None
        at += 1
    return Input(None)


def followed(body: Body) -> Body:
    """Give a shell script's body with the commands of the Python that it gives to Pythons."""
    reading = body.reading
    programs: list[Program] = []
    nested = list(reading.nested)
    for program in reading.programs:
        programs.append(program)
        if not is_python(program.words[0].value):
            continue
        given = script_of(program.words)
        if given is None:
            continue
        how = f"{program.name} -c" if given.word is not None else f"{program.name} <<"
        view = _in_word(program, given.word) if given.word is not None else _in_heredoc(program)
        if view is None or not calls_pip(given.word.value if given.word else view.text):
            continue
        found = _read(view, Around(program, how, program.words[0].value))
        programs += found.programs
        nested += found.nested
    return body._replace(reading=reading._replace(programs=tuple(programs), nested=tuple(nested)))


def of_heredoc(text: str, program: Program, heredoc: Heredoc) -> Body | None:
    """Give the body that is the heredoc of a Python; None where that has pip do nothing."""
    given = script_of(program.words)
    if given is None or given.word is not None or not _stdin(program):
        return None
    around = Around(program, f"{program.name} <<", program.words[0].value)
    expand, chomp = heredoc.expand, heredoc.chomp
    return _whole(text, heredoc.body.start, around, expand=expand, chomp=chomp)


def of_file(text: str, start: int, program: Program | None, *, chomp: bool = False) -> Body:
    """Give the body that is a script in a file, which a program, or its first line, runs.

    `start` is where it begins, `chomp` tells that tabs ahead of its lines are taken off.
    """
    shebang = _SHEBANG.match(text)
    python = shebang[1] if shebang is not None else "python3"
    if program is not None and is_python(program.words[0].value):
        python = program.words[0].value
    around = Around(program, f"{python} script", python)
    return _whole(text, start, around, expand=False, chomp=chomp)


def _whole(text: str, start: int, around: Around, *, expand: bool, chomp: bool) -> Body:
    """Give the body that is a script in Python, whole, where it begins at `start`.

    It is one token to a shell. `expand` and `chomp` tell what becomes of a heredoc's text first.
    """
    from pipslim.facts.programs import Reading
    from pipslim.facts.runs import Body

    end = len(text)
    command = Command((), (), (), 0, end, (), "")
    script = Script((command,), (Word(0, end, ""),))
    outer = View(text, ((0, start, end),))
    given = _heredoc(View(text, ((0, 0, end),)), expand=expand, chomp=chomp)
    if around.program is not None:
        around = around._replace(program=around.program._replace(outer=0))
    found = _read(given, around)
    return Body(outer, Reading(script, found.programs, found.nested), False)


def _read(text: _Text, around: Around) -> Found:
    if not text.why:
        return read(text.view, around)
    return Found((), ((text.view, not_read(text.view.text, text.said, text.why)),))


# -- the text that Python is given -----------------------------------------------------------------


class _Text(NamedTuple):
    """A text; or why it cannot be followed, and what it says as far as that is known, `said`."""

    view: View
    why: str = ""
    said: str = ""

    @property
    def text(self) -> str:
        """The text itself."""
        return self.view.text


def _in_word(program: Program, word: Word) -> _Text:
    """Give the text of a word, without its quotes."""
    view = program.view
    mixed = _Text(view.part(word.start, word.end), _MIXED, word.value)
    if program.exec_form:
        inner = unquoted(view, word, True)
        return mixed if inner is None else _Text(inner)
    raw = view.text[word.start : word.end]
    if raw[0] == "'" and raw.find("'", 1) == len(raw) - 1:
        return _Text(view.part(word.start + 1, word.end - 1))
    if raw[0] != '"' or _DOUBLE.fullmatch(raw) is None:
        return mixed
    found = _filled(view.part(word.start + 1, word.end - 1), '$`"\\')
    # the shell's own reading of the word must be the same
    same = _FILLED.sub(HOLE, found.text) == re.sub(f"{HOLE}+", HOLE, word.value)
    return found if same or found.why else mixed._replace(why=_UNCLEAR)


def _in_heredoc(program: Program) -> _Text | None:
    """Give the text of the heredoc that a Python has as its standard input; None without one."""
    operator, heredocs = _stdin(program), program.command.heredocs
    if len(heredocs) != 1 or not operator:
        return None
    start, end, expand = heredocs[0]
    return _heredoc(program.view.part(start, end), expand=expand, chomp=operator == "<<-")


def _stdin(program: Program) -> str:
    """Give the operator of the heredoc that is a program's standard input, if it has no other."""
    inputs = [each for each in program.command.redirects if each.operator[0] == "<"]
    if len(inputs) != 1 or inputs[0].operator not in ("<<", "<<-"):
        return ""
    number = program.view.text[inputs[0].start]
    return inputs[0].operator if number in "0<" else ""


def _heredoc(view: View, *, expand: bool, chomp: bool) -> _Text:
    """Give what a reader of a heredoc is given."""
    if chomp and "\t" in view.text:
        chars, done = Chars(), 0
        for line in view.text.split("\n"):
            kept = line.lstrip("\t")
            done += len(line) - len(kept)
            chars.put(kept + view.text[done + len(kept) : done + len(kept) + 1], done)
            done += len(kept) + 1
        view = chars.view(view)
    return _filled(view, "$`\\") if expand else _Text(view)


def _filled(view: View, escaped: str) -> _Text:
    """Give a text as a shell hands it over: escapes taken off, what it fills in as FILLED."""
    text = view.text
    if not any(char in text for char in "\\$`"):
        return _Text(view)
    chars, at, done = Chars(), 0, 0
    while at < len(text):
        char = text[at]
        if char == "\\" and text[at + 1 : at + 2] in (*escaped, "\n"):
            chars.put(text[done:at], done)
            at, done = at + 1, at + 1
            if text[at : at + 1] == "\n":
                done = at + 1
            at += 1
        elif char in "$`":
            match = _FILLS.match(text, at)
            if match is None and (char == "`" or text[at + 1 : at + 2] in ("{", "(")):
                return _Text(view, _UNCLEAR, text)
            if match is not None:
                chars.put(text[done:at], done)
                chars.put(FILLED * len(match[0]), at)
                done = match.end()
            at = match.end() if match is not None else at + 1
        else:
            at += 1
    chars.put(text[done:], done)
    return _Text(chars.view(view))


_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
