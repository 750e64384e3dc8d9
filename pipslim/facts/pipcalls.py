"""What counts as a pip call: its spellings, its options, and where its flag belongs."""

from __future__ import annotations

import re

from pipslim.facts.mentions import mention_in
from pipslim.facts.programs import Program, variable
from pipslim.syntax.script import HOLE, Script, Word
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipslim.facts.runs import Body, Unread

SUBCOMMANDS = frozenset(
    [
        "install",
        "download",
        "uninstall",
        "freeze",
        "inspect",
        "list",
        "show",
        "check",
        "config",
        "search",
        "cache",
        "index",
        "wheel",
        "hash",
        "completion",
        "debug",
        "help",
        "lock",
    ]
)
CACHE_WRITERS = frozenset(("install", "wheel", "download"))

_PIP = lazy(r"(?:.*/)?pip(?:-?[\d.\0]+)?$")
_PYTHON = lazy(r"(?:.*/)?(?:python|pypy)[\d.\0]*$")
# Options of the interpreter before -m: letters that stand alone, then those that take a value.
PYTHON_FLAGS = lazy(r"-[bBdEhiIOPqRsSuvVx]+$")
_PYTHON_M = lazy(r"-[bBdEiIOPqRsSuvx]*m(.*)$", re.DOTALL)
_PIP_WITH_VALUE = frozenset(
    [
        "--python",
        "--log",
        "--log-file",
        "--proxy",
        "--retries",
        "--timeout",
        "--default-timeout",
        "--exists-action",
        "--trusted-host",
        "--cert",
        "--client-cert",
        "--cache-dir",
        "--keyring-provider",
        "--use-feature",
        "--use-deprecated",
        "--resume-retries",
    ]
)
_NO_CACHE = lazy(r"--no-ca(?:c(?:h(?:e(?:-(?:d(?:ir?)?)?)?)?)?)?$")
# Programs whose arguments are text or names of packages, never a program to run.
_TAKE_DATA = frozenset(
    [
        "echo",
        "printf",
        "cat",
        "grep",
        "egrep",
        "sed",
        "awk",
        "apt",
        "apt-get",
        "aptitude",
        "apk",
        "yum",
        "dnf",
        "microdnf",
        "zypper",
        "pacman",
        "brew",
        "conda",
        "mamba",
        "micromamba",
        "curl",
        "wget",
        "git",
        "export",
        "alias",
        "test",
        "[",
        "[[",
        "touch",
        "rm",
        "cp",
        "mv",
        "ln",
        "ls",
        "mkdir",
        "chmod",
        "chown",
        "which",
        "type",
        "uv",
        "npm",
        "gem",
        "easy_install",
        "easy_install3",
        "set",
        "tee",
        "cd",
        "hash",
        "update-alternatives",
        "ansible",
        "ansible-playbook",
        "python",
        "python2",
        "python3",
        "declare",
        "local",
        "find",
        "wine",
        "wine64",
        "sage",
    ]
)
_LONGEST = 60  # of what is shown of a word


class PipCall(NamedTuple):
    """A call of pip in a RUN.

    `spelling` is how pip is named there (`pip3`, `python -m pip`), `subcommand` what it is to do.
    The flag goes behind `anchor`, the subcommand's word. `options` are the other words, in order;
    `cache` is what the last of them about pip's cache says: a folder, "" for none, None for
    nothing. `read` is true where its output is read by another command. Offsets of words are into
    the text of `program.view`; `place` leads to the instruction.
    """

    body: Body
    program: Program
    spelling: str
    subcommand: str
    anchor: Word
    options: tuple[Word, ...]
    cache: str | None
    read: bool

    def place(self, offset: int) -> int:
        """Give the place of a character of the program's script, from the instruction's start."""
        return self.body.view.at(self.program.view.at(offset))

    @property
    def turns_cache_off(self) -> bool:
        """Whether the call says `--no-cache-dir`, or an abbreviation that pip takes, last."""
        return self.cache == ""

    @property
    def cache_dir(self) -> str | None:
        """The folder that `--cache-dir` asks for; None where the call asks for none."""
        return self.cache or None


def is_no_cache(word: str) -> bool:
    """Tell whether a word is `--no-cache-dir`, or an abbreviation that pip takes."""
    return _NO_CACHE.match(word) is not None


def cache_of(options: tuple[Word, ...]) -> str | None:
    """Give what the last of pip's options about its cache says: a folder, or "" for none."""
    found = None
    for at, (_, _, value) in enumerate(options):
        if value[:2] != "--":
            continue
        if value.startswith("--cache-dir"):
            _, equals, folder = value.partition("=")
            if equals:
                found = folder
            elif at + 1 < len(options):  # else pip refuses the call
                found = options[at + 1].value
        elif _NO_CACHE.match(value):
            found = ""
    return found


class Undecided(NamedTuple):
    """What may be a pip call but cannot be told for sure: its place, and why.

    There is no reason to tell where its own words turn the cache off, whatever it is.
    The place counts from the instruction's first character.
    """

    offset: int
    reason: str


def pip_call(body: Body, program: Program) -> PipCall | Undecided | None:
    """Tell whether a program is pip, by its own words: a call, none, or what can't be decided."""
    words = program.words
    for _, _, value in words:
        if "pip" in value:
            return _call(body, program)
    return None


def is_python(value: str) -> bool:
    """Tell whether a word names a Python."""
    return _PYTHON.match(value) is not None


def named_by_variable(program: Program) -> bool:
    """Tell whether what a program is hangs on the value of a variable."""
    first = program.words[0].value
    return HOLE in first and not _PIP.match(first) and not _PYTHON.match(first)


def mentioned(unread: tuple[Unread, ...]) -> Iterator[Undecided]:
    """Give the parts of a RUN which cannot be followed, and which call pip as it seems."""
    for part in unread:
        if mention_in(part.text):
            yield Undecided(part.offset, part.reason)


def _call(body: Body, program: Program) -> PipCall | Undecided | None:
    words = program.words
    behind = behind_pip(words)
    if behind:
        return _pip(body, program, words, behind)
    why = may_run(program)
    return _undecided(body, program, why, words) if why else None


def may_run(program: Program) -> str:
    """Tell why it is not known whether a program runs pip, where it may; else nothing."""
    name = program.name
    if name in _TAKE_DATA or _PYTHON.match(name):
        return ""
    what = _handed_on(program.words)
    return f"whether {name!r} runs {what} is not known" if what else ""


def _handed_on(words: tuple[Word, ...]) -> str:
    """Give what calls pip, if a program runs it that is the first of some words.

    What is filled into a word is left out of it, for it may be nothing.
    """
    if len(words) > 1 and words[1].value in _TAKE_DATA and not _PYTHON.match(words[1].value):
        return ""
    bare = [word._replace(value=word.value.replace(HOLE, "")) for word in words]
    for at in range(1, len(words)):
        if "p" not in bare[at].value:
            continue
        rest = tuple(bare[at:])
        behind = behind_pip(rest)
        if behind and behind < len(rest) and rest[behind].value in CACHE_WRITERS:
            return "these words"
        if " " in rest[0].value and mention_in(rest[0].value):
            return "this text"
    return ""


def _undecided(
    body: Body, program: Program, reason: str, words: tuple[Word, ...] = ()
) -> Undecided:
    if any(is_no_cache(word.value) for word in words):
        reason = ""
    return Undecided(body.view.at(program.view.at(program.words[0].start)), reason)


def behind_pip(words: tuple[Word, ...]) -> int:
    """Give how many words spell pip at the start of `words`: 0 if none, 3 for `python -m pip`."""
    first = words[0].value
    if first == "pip" or ("pip" in first and _PIP.match(first)):
        return 1
    if not _PYTHON.match(first):
        return 0
    at = 1
    while at < len(words):
        value = words[at].value
        module = _PYTHON_M.match(value)
        if module is not None:
            if module[1]:
                return at + 1 if module[1] == "pip" else 0
            named = at + 1 < len(words) and words[at + 1].value == "pip"
            return at + 2 if named else 0
        if value in ("-W", "-X"):
            at += 2
        elif PYTHON_FLAGS.match(value) or value.startswith(("-W", "-X")):
            at += 1
        else:
            return 0
    return 0


def _pip(
    body: Body, program: Program, words: tuple[Word, ...], behind: int
) -> PipCall | Undecided | None:
    """Read a pip call whose own name is the first `behind` words; some may be of a variable."""
    text = program.view.text
    spelled = text[words[0].start : words[behind - 1].end]
    if program.exec_form or words is not program.words:
        spelled = " ".join(word.value for word in words[:behind])
    at = behind
    while at < len(words):
        value = words[at].value
        if not value.startswith("-"):
            break
        at += 2 if value in _PIP_WITH_VALUE else 1
    if at >= len(words):
        return None  # `pip --version`
    anchor = words[at]
    if anchor.value not in SUBCOMMANDS:
        if HOLE in anchor.value and any(w.value in CACHE_WRITERS for w in words[at:]):
            return _undecided(body, program, "what pip is to do stands in a variable")
        return None
    rest = (*words[behind:at], *words[at + 1 :])
    read = "$(" in program.command.nest
    fields = (body, program, spelled, anchor.value, anchor, rest, cache_of(rest), read)
    return record(PipCall, fields)


def call_by_variable(
    body: Body, program: Program, known: Mapping[str, str]
) -> PipCall | Undecided | None:
    """Read a program named by a variable: `$PIP install`, `$PYTHON -m pip`, `$PIP_INSTALL`."""
    words = program.words
    raw = program.view.text[words[0].start : words[0].end]
    name = variable(program, words[0])
    value = known.get(name) if name else None
    if value is None or HOLE in value:
        calls = len(words) > 1 and words[1].value in CACHE_WRITERS and "pip" in raw.lower()
        calls = calls or ("pip" in name.lower() and "install" in name.lower())
        calls = calls or behind_pip((Word(0, 0, "python"), *words[1:])) > 0
        if calls or _handed_on(words):  # it may be nothing, or sudo
            shown = f"${name}" if name else raw if len(raw) <= _LONGEST else "${…}"
            return _undecided(body, program, f"the value of {shown} is not known", words)
        return None
    given = [value] if raw[0] == '"' else value.split()  # quoted, it is one word
    spelled = tuple(Word(words[0].start, words[0].end, each) for each in given)
    combined = (*spelled, *words[1:])
    behind = behind_pip(combined) if combined else 0
    if behind:
        return _pip(body, program, combined, behind)
    name = combined[0].value.rpartition("/")[2] if combined else ""
    if not name or name in _TAKE_DATA or not _handed_on(combined):
        return None
    return _undecided(body, program, f"whether {name!r} runs these words is not known", words)


def assigned(body: Body) -> dict[str, str]:
    """Give the variables that a script sets, one value each; a second value makes one unknown."""
    script = body.reading.script
    found: dict[str, str] = {}
    if not isinstance(script, Script):
        return found
    for command in script.commands:
        words = command.assignments
        if command.words:
            if command.name not in ("export", "declare", "readonly"):
                continue
            words = command.words[1:]
        for word in words:
            name, equals, value = word.value.partition("=")
            if equals:
                found[name] = value if found.get(name, value) == value else HOLE
    return found
