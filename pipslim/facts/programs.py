"""The programs that a script runs: wrappers such as sudo taken off, scripts in words followed."""

from __future__ import annotations

import re

from pipslim.syntax.script import Command, Opaque, Script, Word
from pipslim.syntax.shell import scan
from pipslim.syntax.source import View
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy, record

if TYPE_CHECKING:
    from pipslim.syntax.forms import JsonString
    from pipslim.syntax.script import Python

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"))


class Program(NamedTuple):
    """A program that a script runs, and its arguments.

    `words` are offsets into `view.text`; `view` maps into the text that `read` was given, which a
    script inside a quoted word shares. `command` is the simple command it is a part of. `wrappers`
    are the names taken off, outermost first (`sudo`, `xargs`, `bash -c`). `exec_form` marks a
    program given as a list: a JSON array, or, where `listed`, one of Python. `outer` is the place
    of the outermost command in its script.
    """

    words: tuple[Word, ...]
    view: View
    command: Command
    wrappers: tuple[str, ...]
    variables: tuple[Word, ...]
    exec_form: bool
    outer: int
    listed: bool

    @property
    def name(self) -> str:
        """The program as written, without quotes and without its folder."""
        return self.words[0].value.rpartition("/")[2]

    @property
    def written(self) -> str:
        """The whole command that it is a part of, as written, each of its blanks made one."""
        return " ".join(self.view.text[self.command.start : self.command.end].split())


class Reading(NamedTuple):
    """What is known of a script: its tree or why there is none, and the programs it runs.

    `nested` are the scripts in words, of Python too, with their views; those that could not be
    followed too.
    """

    script: Script | Opaque
    programs: tuple[Program, ...]
    nested: tuple[tuple[View, Script | Opaque | Python], ...]


class _Wrapper(NamedTuple):
    """How a wrapper's own words are told from those of the program that it runs."""

    with_value: str = ""  # letters of short options that take the next word
    long: tuple[str, ...] = ()  # long options that take the next word
    skipped: int = 0  # words of its own before the program
    assigns: bool = False  # NAME=value words may stand before the program


_WRAPPERS = {
    "sudo": _Wrapper("ughpCrtTUDR", ("--user", "--group", "--host", "--chdir"), assigns=True),
    "doas": _Wrapper("uC"),
    "env": _Wrapper("uCS", ("--unset", "--chdir"), assigns=True),
    "time": _Wrapper("fo"),
    "timeout": _Wrapper("sk", ("--signal", "--kill-after"), 1),
    "nice": _Wrapper("n", ("--adjustment",)),
    "ionice": _Wrapper("cnp"),
    "nohup": _Wrapper(),
    "exec": _Wrapper("a"),
    "command": _Wrapper(),
    "builtin": _Wrapper(),
    "stdbuf": _Wrapper("ioe"),
    "xargs": _Wrapper("aEIdLnPs", ("--max-args", "--max-procs", "--arg-file", "--delimiter")),
    "unbuffer": _Wrapper(),
    "eatmydata": _Wrapper(),
    "catchsegv": _Wrapper(),
    "linux32": _Wrapper(),
    "linux64": _Wrapper(),
    "setarch": _Wrapper("", (), 1),
    "gosu": _Wrapper("", (), 1),
    "su-exec": _Wrapper("", (), 1),
    "chpst": _Wrapper("uUbenmdcfrtp"),
    "tini": _Wrapper("pe"),
    "dumb-init": _Wrapper("r"),
    "xvfb-run": _Wrapper("efnpsw", ("--server-num", "--server-args", "--error-file")),
    "retry": _Wrapper("tdm", ("--times", "--delay")),
}
_RUNNERS = {  # `conda run …` and the like: a wrapper of two words
    "conda": _Wrapper("np", ("--name", "--prefix", "--cwd")),
    "mamba": _Wrapper("np", ("--name", "--prefix", "--cwd")),
    "micromamba": _Wrapper("npr", ("--name", "--prefix", "--root-prefix", "--cwd")),
    "poetry": _Wrapper("C", ("--directory", "--project")),
    "pipenv": _Wrapper(),
    "pdm": _Wrapper("p", ("--project",)),
    "uv": _Wrapper("p", ("--python", "--with", "--directory", "--project")),
    "rye": _Wrapper(),
    "hatch": _Wrapper(),
    "pyenv": _Wrapper(),
    "foreman": _Wrapper("ef", ("--env", "--procfile")),
}
# Names of programs behind which another one may stand; every other one is what is run.
_FOLLOWED = frozenset((*_WRAPPERS, *_RUNNERS, *SHELLS, "find", "su", "runuser", "eval", "scl"))
_ASSIGNED = lazy(r"[A-Za-z_]\w*=")
_VARIABLE = lazy(r"\$(?:(\w+)|\{(\w+)\})$")
_DOUBLE_ESCAPE = lazy(r'\\([$`"\\])')
_DEEPEST = 4


def read(text: str, bodies: bool) -> Reading:
    """Read a script's programs; `bodies` as for `shell.scan`.

    A program behind a wrapper is given without it; the scripts of `sh -c '…'`, `su -c`, `eval`,
    heredocs for a shell and the like are read in their turn.
    """
    view = record(View, (text, ((0, 0, len(text)),)))
    script = scan(text, bodies=bodies)
    reader = Reader()
    if isinstance(script, Script):
        programs = reader.programs
        for place, command in enumerate(script.commands):
            words = command.words
            if not words:
                continue
            name = words[0].value
            if "/" in name:
                name = name.rpartition("/")[2]
            if name in _FOLLOWED:
                reader.follow(words, Frame(command, view, (), place, False))
            else:
                fields = (words, view, command, (), command.assignments, False, place, False)
                programs.append(record(Program, fields))
    return record(Reading, (script, tuple(reader.programs), tuple(reader.nested)))


def read_exec(text: str, strings: tuple[JsonString, ...]) -> Reading:
    """Read the program of an exec form, the JSON array `strings` of `text`."""
    words = tuple(Word(s.start, s.end, s.value) for s in strings)
    view = View(text, ((0, 0, len(text)),))
    command = Command(words, (), (), words[0].start, words[-1].end, (), "")
    reader = Reader()
    reader.follow(words, Frame(command, view, (), 0, True))
    script = Script((command,), words)
    return Reading(script, tuple(reader.programs), tuple(reader.nested))


def variable(program: Program, word: Word) -> str:
    """Give the name of the variable that a word is nothing but, or an empty text."""
    raw = program.view.text[word.start : word.end].strip('"')
    match = _VARIABLE.match(raw) if raw.startswith("$") else None
    return (match[1] or match[2]) if match else ""


class Frame(NamedTuple):
    """Where words stand: their command, its script's view, the wrappers and place around it."""

    command: Command
    view: View
    wrappers: tuple[str, ...]
    outer: int
    exec_form: bool
    listed: bool = False


class Reader:
    """Collects the programs of a script, and the scripts nested in it."""

    __slots__ = ("nested", "programs")

    def __init__(self) -> None:
        self.programs: list[Program] = []
        self.nested: list[tuple[View, Script | Opaque | Python]] = []

    def follow(self, words: tuple[Word, ...], frame: Frame) -> None:
        """Take wrappers off `words` until a program is left; follow scripts in words."""
        wrappers = frame.wrappers
        variables = frame.command.assignments
        while words:
            name = words[0].value.rpartition("/")[2]
            wrapper = _WRAPPERS.get(name)
            inner: tuple[Word, ...] | None = None
            if wrapper is not None:
                if name == "command" and len(words) > 1 and words[1].value in ("-v", "-V"):
                    break
                inner, more = _behind(words, wrapper)
                variables = (*variables, *more)
            elif name in _RUNNERS and len(words) > 2 and words[1].value in ("run", "exec"):
                if name == "uv":  # it installs what the program needs, so it is a program too
                    self.add(words, frame._replace(wrappers=wrappers), variables)
                inner, _ = _behind(words[1:], _RUNNERS[name])
                name += f" {words[1].value}"
            elif name == "find":
                self.find(words, frame._replace(wrappers=(*wrappers, "find -exec")))
                break
            elif name in SHELLS or name in ("su", "runuser", "eval", "scl"):
                script = _script_word(name, words)
                if script is not None:
                    self.word(script, frame._replace(wrappers=(*wrappers, f"{name} -c")))
                    return
                if name == "scl" and any(word.value == "--" for word in words):
                    at = next(i for i, word in enumerate(words) if word.value == "--")
                    inner = words[at + 1 :]
                elif name == "eval":
                    inner = words[1:]
                elif name in SHELLS and reads_input(words):
                    self.heredocs(frame._replace(wrappers=(*wrappers, f"{name} <<")))
            if inner is None:
                break
            wrappers = (*wrappers, name)
            words = inner
        if words:
            self.add(words, frame._replace(wrappers=wrappers), variables)

    def add(self, words: tuple[Word, ...], frame: Frame, variables: tuple[Word, ...]) -> None:
        """Take in a program that has been found."""
        command, view, wrappers, outer, exec_form, listed = frame
        fields = (words, view, command, wrappers, variables, exec_form, outer, listed)
        self.programs.append(record(Program, fields))

    def find(self, words: tuple[Word, ...], frame: Frame) -> None:
        """Follow the programs of `find … -exec PROGRAM … ;`."""
        start = 0
        for at, word in enumerate(words):
            if word.value in ("-exec", "-execdir", "-ok", "-okdir"):
                start = at + 1
            elif start and word.value in (";", "+"):
                self.follow(words[start:at], frame)
                start = 0

    def word(self, word: Word, frame: Frame) -> None:
        """Follow the script that a word holds."""
        inner = unquoted(frame.view, word, frame.exec_form)
        if inner is None:
            part = frame.view.part(word.start, word.end)
            self.nested.append((part, Opaque(0, "a script of mixed quotes")))
        else:
            self.script(inner, frame)

    def heredocs(self, frame: Frame) -> None:
        """Follow the scripts that a shell is given as heredocs of its command."""
        for start, end, expands in frame.command.heredocs:
            inner = frame.view.part(start, end)
            if expands and not plain_heredoc(inner.text):
                opaque = Opaque(0, "a heredoc that is expanded before the shell reads it")
                self.nested.append((inner, opaque))
            else:
                self.script(inner, frame)

    def script(self, inner: View, frame: Frame) -> None:
        """Follow a script inside a script."""
        script: Script | Opaque = Opaque(0, "nested too deeply")
        if len(frame.wrappers) <= _DEEPEST:
            script = scan(inner.text)
        self.nested.append((inner, script))
        if isinstance(script, Script):
            for found in script.commands:
                nest = (*frame.command.nest, frame.wrappers[-1], *found.nest)
                command = found._replace(nest=nest)
                here = frame._replace(command=command, view=inner, exec_form=False, listed=False)
                self.follow(found.words, here)


def _behind(
    words: tuple[Word, ...], wrapper: _Wrapper
) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Give the words behind a wrapper's own, and the assignments among those."""
    at, assigned = 1, []
    while at < len(words):
        value = words[at].value
        if value == "--":
            at += 1
            break
        if value.startswith("--"):
            at += 2 if value in wrapper.long else 1
        elif value.startswith("-") and len(value) > 1:
            # `-u root`, `-uroot`, `-Hu root`: the last letter decides, or a value is attached
            letters = value[1:]
            takes = next((i for i, c in enumerate(letters) if c in wrapper.with_value), -1)
            at += 2 if takes == len(letters) - 1 else 1
        elif wrapper.assigns and _ASSIGNED.match(value):
            assigned.append(words[at])
            at += 1
        else:
            break
    return words[at + wrapper.skipped :], tuple(assigned)


def _script_word(name: str, words: tuple[Word, ...]) -> Word | None:
    """Give the word that holds a whole script, or None: the words are a program then."""
    if name == "eval":
        return words[1] if len(words) == 2 else None
    if name == "scl":
        blank = len(words) > 3 and words[1].value == "enable" and " " in words[-1].value
        return words[-1] if blank else None
    at = 1
    while at < len(words):
        value = words[at].value
        if value == "--command":
            return words[at + 1] if at + 1 < len(words) else None
        if value.startswith("--"):
            at += 2 if value in ("--rcfile", "--init-file") else 1
        elif value.startswith(("-", "+")) and len(value) > 1:
            # `bash -lc`, `bash -euxo pipefail -c`: the script is the first word behind c's
            # word, and behind the values that the letters before it take
            at += 1
            if "o" in value and name in SHELLS:
                at += 1
            if "c" in value[1:]:
                return words[at] if at < len(words) else None
            if name in ("su", "runuser") and value in ("-s", "-g", "-G", "-u"):
                at += 1
        elif name in ("su", "runuser"):
            at += 1  # the user, or a lone dash
        else:
            return None
    return None


def reads_input(words: tuple[Word, ...]) -> bool:
    """Tell whether a shell with these words reads its script from standard input."""
    at = 1
    while at < len(words):
        value = words[at].value
        if not value.startswith(("-", "+")):
            return False
        if "s" in value and not value.startswith("--"):
            return True
        at += 2 if value in ("-o", "+o", "-euxo", "-eo", "-exo") else 1
    return True


def plain_heredoc(text: str) -> bool:
    """Tell whether expanding a heredoc's text leaves its commands where they are."""
    return "\\" not in text and "`" not in text and "$(" not in text


def unquoted(view: View, word: Word, exec_form: bool) -> View | None:
    """Give the view of what a word holds without its quotes; None where they are mixed."""
    raw = view.text[word.start : word.end]
    start, end = word.start + 1, word.end - 1
    if exec_form:
        return _unescaped(view, start, raw[1:-1], _JSON_ESCAPE, word.value)
    if raw[0] == "'" and raw.find("'", 1) == len(raw) - 1:
        return view.part(start, end)
    if raw[0] == '"' and len(raw) > 1 and _WHOLE_DOUBLE.match(raw):
        if "\\" not in raw:
            return view.part(start, end)
        return _unescaped(view, start, raw[1:-1], _DOUBLE_ESCAPE, None)
    if not any(c in raw for c in "'\"\\"):
        return view.part(word.start, word.end)
    return None


_WHOLE_DOUBLE = lazy(r'"(?:[^"\\]|\\.)*"$', re.DOTALL)
_JSON_ESCAPE = lazy(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_JSON_VALUES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unescaped(
    view: View, start: int, raw: str, escape: re.Pattern[str], value: str | None
) -> View | None:
    """Give the view of `raw`, at `start` of `view`, with its escapes resolved."""
    if "\\" not in raw:
        return view.part(start, start + len(raw))
    parts: list[str] = []
    segments: list[tuple[int, int, int]] = []
    length = done = 0

    def put(text: str, at: int, stretch: int) -> None:
        nonlocal length
        # each stretch of the result, seen through the outer view, is one or more segments
        for inner, outer, size in view.part(start + at, start + at + stretch).segments:
            segments.append((length + inner, outer, min(size, len(text) - inner)))
        parts.append(text)
        length += len(text)

    for match in escape.finditer(raw):
        if match.start() > done:
            put(raw[done : match.start()], done, match.start() - done)
        code = match[1]
        if value is not None:
            if code[0] == "u":
                return None  # pairs of surrogates and the like: not worth following
            code = _JSON_VALUES.get(code, code)
        put(code, match.end() - 1, 1)
        done = match.end()
    if done < len(raw):
        put(raw[done:], done, len(raw) - done)
    return View("".join(parts), tuple(segments))
