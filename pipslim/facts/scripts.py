"""Which programs of a script run another script, and from what path of the image."""

from __future__ import annotations

import posixpath

from pipslim.facts.pipcalls import PYTHON_FLAGS, is_python
from pipslim.facts.programs import SHELLS, reads_input
from pipslim.syntax.script import HOLE, Opaque, Script
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from pipslim.facts.programs import Program
    from pipslim.syntax.script import Word

EXECUTED, GIVEN, SOURCED = "executed", "given to a shell", "sourced"
PYTHON = "given to a Python"

_EXTENSIONS = (".sh", ".bash")
_EXECUTABLE = (*_EXTENSIONS, ".py")
_USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What runs a script in a shell of its own, whose working directory nobody else sees.
_OWN_SHELLS = frozenset(("(", "$(", "function", "find -exec"))
_BRANCHES = frozenset(("if", "while", "until", "for", "select", "case"))
_DECLARE = frozenset(("export", "declare", "readonly", "local", "typeset"))
# How wrappers are told to go elsewhere: into a home, or where they are told.
_ELSEWHERE = lazy(r"\s(?:-|-[il]|--login|-[CD]|--(?:chdir|cwd|directory|root)\b\S*)\s")

# The folder of the running script, as scripts spell it.
_SELF = r'"?\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})"?'
_REAL = rf'(?:{_SELF}|"?\$\((?:readlink -f|realpath)\s+{_SELF}\)"?)'
_DIRNAME = rf"(?:\$\(dirname\s+(?:--\s+)?{_REAL}\)|`dirname\s+(?:--\s+)?{_REAL}`)"
_SILENT = r"(?:\s*&?>\s*/dev/null)?(?:\s*2>&1)?"
_ITS_FOLDER = lazy(
    rf'\$\(\s*(?:CDPATH=\s+)?cd\s+(?:-P\s+|--\s+)*"?{_DIRNAME}"?(?P<below>/[\w./-]*)?"?{_SILENT}'
    rf"\s*(?:&&|;)\s*pwd(?:\s+-P)?\s*\)"
    rf"|{_DIRNAME}|\$\{{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}}"
)
_PWD = lazy(r"\$\(pwd\)|`pwd`|\$PWD\b|\$\{PWD\}")
_VARIABLE = lazy(r"\$(?:(\w+)|\{(\w+)(?::?-(?P<default>[^{}$]*))?\})")
_UNKNOWN = lazy(r"[$`*?\[\\{}()~]")


class ScriptCall(NamedTuple):
    """A program that runs a script: the word that names it, and how.

    That is EXECUTED, GIVEN, SOURCED or PYTHON; an executed one says in its first line who reads it.
    """

    word: Word
    how: str


class Where(NamedTuple):
    """What the words of a script hang on.

    `folder` is the working directory, None where it is not known; `script` is the script's own
    path, empty for a RUN; `names` are the variables that are known.
    """

    folder: str | None
    script: str
    names: Mapping[str, str]


def script_call(program: Program) -> ScriptCall | None:
    """Tell whether a program may be, or be given, a script in a file."""
    words = program.words
    first = words[0].value
    if first in (".", "source"):
        at = 2 if len(words) > 1 and words[1].value == "--" else 1
        return ScriptCall(words[at], SOURCED) if at < len(words) else None
    if program.name in SHELLS:
        word = _operand(words)
        if word is None and reads_input(words):
            given = [r.target for r in program.command.redirects if r.operator == "<"]
            word = given[0] if len(given) == 1 and not program.exec_form else None
        return ScriptCall(word, GIVEN) if word is not None else None
    if is_python(first):
        word = _file_of_python(words)
        return ScriptCall(word, PYTHON) if word is not None else None
    if "/" in first or HOLE in first or first.endswith(_EXECUTABLE):
        return ScriptCall(words[0], EXECUTED)
    return None


def _operand(words: tuple[Word, ...]) -> Word | None:
    """Give the word of a shell's call that names a script, if one does."""
    at = 1
    while at < len(words):
        value = words[at].value
        if value == "--":
            at += 1
            break
        if value.startswith("--"):
            at += 2 if value in ("--rcfile", "--init-file") else 1
        elif value[:1] in ("-", "+") and len(value) > 1:
            letters = value[1:]
            if any(letter in letters for letter in "csn"):
                return None  # a script in a word, on standard input, or one that is not run
            at += 1 + letters.count("o") + letters.count("O")
        else:
            break
    return words[at] if at < len(words) else None


def _file_of_python(words: tuple[Word, ...]) -> Word | None:
    """Give the word of a call of Python that names the file of its script, if one does.

    Source: Python's documentation, "Command line and environment".
    """
    at = 1
    while at < len(words):
        value = words[at].value
        if not value.startswith("-"):
            return words[at]
        if value in ("-W", "-X"):
            at += 1
        elif not PYTHON_FLAGS.match(value) and not value.startswith(("-W", "-X")):
            return None  # a script in a word, on standard input, or a module
        at += 1
    return None


def paths(program: Program, call: ScriptCall, where: Where) -> list[str]:
    """Give the absolute paths, the first that is there counts, of the script that a program runs.

    None at all where they hang on what is not known.
    """
    if program.exec_form:
        path: str | None = call.word.value
    else:
        raw = program.view.text[call.word.start : call.word.end]
        path = expanded(raw, where)
    if not path:
        return []
    if path.startswith("/"):
        return [posixpath.normpath(path)]
    if "/" not in path and call.how not in (GIVEN, PYTHON):
        if not path.endswith(_EXECUTABLE):
            return []
        folders = where.names.get("PATH", _USUAL_PATH).split(":")
        found = [posixpath.join(folder, path) for folder in folders if folder.startswith("/")]
        if call.how == EXECUTED:
            return found
        here = [posixpath.join(where.folder, path)] if where.folder is not None else []
        return found + here  # bash looks here in the end
    return [posixpath.normpath(posixpath.join(where.folder, path))] if where.folder else []


def is_script_name(path: str) -> bool:
    """Tell whether a path may be that of a shell script, by its name."""
    return path.endswith(_EXTENSIONS) or "." not in posixpath.basename(path)


def expanded(raw: str, where: Where) -> str | None:
    """Give what a word is once a shell has expanded it; None where that is not known."""
    if "\\" in raw or ("'" in raw and "$" in raw):
        return None
    unknown = False

    def its_folder(match: re.Match[str]) -> str:
        nonlocal unknown
        unknown = unknown or not where.script
        return posixpath.dirname(where.script) + (match["below"] or "")

    def folder(_: re.Match[str]) -> str:
        nonlocal unknown
        unknown = unknown or where.folder is None
        return where.folder or ""

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        found = where.names.get(match[1] or match[2])
        if not found:
            found = match["default"] or found
        unknown = unknown or found is None or HOLE in found
        return found or ""

    text = raw
    if "$" in text or "`" in text:
        text = _ITS_FOLDER.sub(its_folder, text)
        text = _PWD.sub(folder, text)
        text = _VARIABLE.sub(value, text)
    text = text.replace('"', "").replace("'", "")
    if text.startswith("~/") and where.names.get("HOME"):
        text = where.names["HOME"] + text[1:]
    return None if unknown or _UNKNOWN.search(text) else text


def assignments(text: str, script: Script | Opaque, where: Where) -> dict[str, str]:
    """Give the variables of a script, read from `text`, those from around it included.

    One that it gives a second value, or one that is not known, is a HOLE.
    """
    names = dict(where.names)
    if isinstance(script, Opaque):
        return names
    given: set[str] = set()
    for command in script.commands:
        words = command.assignments
        if command.words:
            if command.name not in _DECLARE:
                continue
            words = command.words[1:]
        for word in words:
            name, equals, _ = word.value.partition("=")
            if not equals or not name.isidentifier():
                continue
            raw = text[word.start : word.end].partition("=")[2]
            value = expanded(raw, where._replace(names=names))
            if value is None or (name in given and names[name] != value):
                value = HOLE
            names[name] = value
            given.add(name)
    return names


class Folders:
    """The working directory as a script goes on, program by program; None where not known."""

    __slots__ = ("_known",)

    def __init__(self, start: str | None) -> None:
        # for each shell around, the outermost first: what started it, and where it is
        self._known: list[tuple[str, str | None]] = [("", start)]

    def at(self, program: Program, text: str, script: Script | Opaque) -> str | None:
        """Give the working directory of a program, the next one of a script; `text` is that's."""
        shells = [each for each in program.command.nest if _is_own(each)]
        known = self._known
        del known[1 + len(shells) :]
        same = 0
        while same < len(known) - 1 and known[same + 1][0] == shells[same]:
            same += 1
        if shells and same == len(shells) and program.command.lead in ("", "("):
            same -= 1  # one that begins anew
        del known[1 + same :]
        for each in shells[same:]:
            known.append((each, known[-1][1]))
        if program.wrappers and _ELSEWHERE.search(_ahead(program, text, script)):
            return None
        return known[-1][1]

    def take(self, program: Program, where: Where) -> None:
        """Take in a program: it may go elsewhere."""
        name = program.words[0].value
        if name not in ("cd", "pushd", "popd") or program.exec_form:
            return
        shell, folder = self._known[-1]
        word = _folder_word(program.words)
        raw = program.view.text[word.start : word.end] if word is not None else "~/"
        path = expanded(raw, where) if name != "popd" else None
        if path is None or path == "-" or (folder is None and not path.startswith("/")):
            folder = None
        else:
            folder = posixpath.normpath(posixpath.join(folder or "/", path))
        command = program.command
        if command.lead == "||" or not _BRANCHES.isdisjoint(command.nest):
            folder = None
        self._known[-1] = shell, folder
        if "function" in command.nest:  # who knows when it is called
            self._known = [(each, None) for each, _ in self._known]

    def lose(self) -> None:
        """Take in that a script which is not known may go elsewhere."""
        self._known[-1] = self._known[-1][0], None

    @property
    def last(self) -> str | None:
        """Where the script ends."""
        return self._known[0][1]


def _ahead(program: Program, text: str, script: Script | Opaque) -> str:
    """Give what stands ahead of a program in the outermost command around it."""
    start = program.command.start
    if isinstance(script, Script):
        start = script.commands[program.outer].start
    return text[start : program.view.at(program.words[0].start)]


def _folder_word(words: tuple[Word, ...]) -> Word | None:
    rest = [word for word in words[1:] if word.value not in ("--", "-P", "-L", "-e")]
    return rest[0] if rest else None


def _is_own(construct: str) -> bool:
    return construct in _OWN_SHELLS or construct.endswith((" -c", " <<"))
