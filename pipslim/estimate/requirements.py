"""What a pip call asks for: the requirements of its words and of its requirement files."""

from __future__ import annotations

import posixpath
import re
import shlex

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pipslim.estimate.values import Unseen, without_secrets
from pipslim.facts.context import Missing
from pipslim.facts.pipcalls import assigned
from pipslim.syntax.expand import BadExpansion, expand, references
from pipslim.syntax.script import HOLE
from pipslim.syntax.source import encode
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipslim.facts.context import Context
    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.syntax.script import Word

_SHORT_WITH_VALUE = "rcetifdwbC"
_LONG = {
    "-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url",
    "-f": "--find-links", "-U": "--upgrade", "-I": "--ignore-installed", "-t": "--target",
    "-d": "--dest", "-w": "--wheel-dir", "-b": "--build", "-C": "--config-settings",
    "--pypi-url": "--index-url",
}  # fmt: skip
_LONG_WITH_VALUE = frozenset([
    "--requirement", "--constraint", "--editable", "--index-url", "--extra-index-url", "--pypi-url",
    "--find-links", "--target", "--dest", "--wheel-dir", "--build", "--build-dir", "--src",
    "--root", "--prefix", "--platform", "--python-version", "--implementation", "--abi",
    "--no-binary", "--only-binary", "--progress-bar", "--upgrade-strategy", "--report",
    "--config-settings", "--config-setting", "--global-option", "--install-option",
    "--build-option", "--build-constraint", "--group", "--root-user-action", "--hash",
    "--requirements-from-script", "--uploaded-prior-to", "--python", "--log", "--log-file",
    "--proxy", "--retries", "--timeout", "--default-timeout", "--exists-action", "--trusted-host",
    "--cert", "--client-cert", "--cache-dir", "--keyring-provider", "--use-feature",
    "--use-deprecated", "--resume-retries",
])  # fmt: skip
_OTHER_INDEX = frozenset(("--index-url", "--extra-index-url", "--find-links"))
_OTHER_TARGET = frozenset(("--platform", "--python-version", "--implementation", "--abi"))
_ARCHIVE = lazy(r"^[^@]*\.(?:whl|zip|tgz|tar(?:\.\w+)?)$", re.IGNORECASE)
_COMMENT = lazy(r"(?:^|\s+)#.*$")
_ENV = lazy(r"\$\{([A-Z0-9_]+)\}")
_URL = lazy(r"(?:git|hg|svn|bzr)\+|[\w.+-]+://|file:")
_UPGRADES = lazy(rf"-[^-{_SHORT_WITH_VALUE}]*U")
_LOCAL = lazy(r"[./~]|[^@]*/[^@]*$")
_SUBSTITUTED = lazy(r"\$\(|`")


class Wanted(NamedTuple):
    """A project that is asked for, by its normalised name; `why` is told of its file.

    `line` is the line in the Dockerfile. `hashes` are the SHA-256 sums that its file may have.
    """

    name: str
    specifier: SpecifierSet
    extras: frozenset[str]
    why: str
    line: int
    hashes: frozenset[str] = frozenset()


class Asked:
    """All that one pip call asks for, as its words and requirement files say it."""

    def __init__(self, line: int, marker: Mapping[str, str]) -> None:
        self.line = line
        self.marker = marker
        self.wanted: list[Wanted] = []
        self.constraints: dict[str, SpecifierSet] = {}
        self.options: set[str] = set()
        self.no_binary: set[str] = set()
        self.only_binary: set[str] = set()
        self.unseen: list[Unseen] = []

    @property
    def elsewhere(self) -> bool:
        """Whether files may come from another index than the one that is asked."""
        return bool(_OTHER_INDEX & self.options)

    def miss(self, what: str, why: str, line: int = 0) -> None:
        """Note what cannot be seen."""
        note = Unseen(line or self.line, without_secrets(what), without_secrets(why))
        if note not in self.unseen:
            self.unseen.append(note)


def read_call(use: Use, facts: Facts, context: Context, marker: Mapping[str, str]) -> Asked:
    """Read what a pip call asks for.

    `marker` is the environment for PEP 508 markers. Whatever cannot be read is in `unseen`.
    Source: pip's documentation, "pip install", "Requirements File Format", "Configuration".
    """
    document = facts.document
    line = document.line(use.span().start)
    asked = Asked(line, marker)
    names = {"HOME": "/root", **facts.variables(use)}
    reader = _Reader(asked, context, use, names)
    for wrapper in use.call.program.wrappers:
        if wrapper in ("xargs", "find -exec"):
            asked.miss(
                use.call.program.written, f"{wrapper} gives it words that only the build knows"
            )
    if names.get("PIP_CONSTRAINT"):
        for path in names["PIP_CONSTRAINT"].split():
            reader.file(path, line, constraint=True)
    if names.get("PIP_INDEX_URL") or names.get("PIP_EXTRA_INDEX_URL"):
        asked.options.add("--index-url")
        asked.miss("PIP_INDEX_URL", "files may come from there instead of the index that was asked")
    values: list[tuple[str, int]] = []
    known = {**names, **assigned(use.call.body)}
    for word in use.call.options:
        at = document.line(use.start + use.call.place(word.start))
        given = _values(use, word, known)
        if given is None:
            shown = use.call.program.view.text[word.start : word.end]
            asked.miss(shown.strip("\"'"), "the value of a variable in it is not known", at)
        else:
            values += [(value, at) for value in given]
    reader.words(values)
    return asked


def _values(use: Use, word: Word, known: Mapping[str, str]) -> list[str] | None:
    """Give what a word of a call becomes; None where that hangs on what is not known."""
    if HOLE not in word.value:
        return [word.value]
    raw = use.call.program.view.text[word.start : word.end]
    if _SUBSTITUTED.search(raw):
        return None
    try:
        if any(HOLE in known.get(name, HOLE) for name in references(raw)):
            return None
        value = expand(raw, known)
    except BadExpansion:
        return None
    return [value] if '"' in raw else value.split()


class _Reader:
    """Reads words and files into an Asked."""

    def __init__(self, asked: Asked, context: Context, use: Use, names: Mapping[str, str]) -> None:
        self.asked = asked
        self.context = context
        self.number = use.instruction
        self.names = names
        self.folders = list(_folders(use, context))
        self.done: set[tuple[str, bool]] = set()

    def words(self, values: Sequence[tuple[str, int]]) -> None:
        """Take the words of a command line, each with its line."""
        options = True
        at = 0
        while at < len(values):
            value, line = values[at]
            at += 1
            if value == "--" and options:
                options = False
            elif not options or not value.startswith("-") or value == "-":
                self.requirement(value, value, line)
            else:
                name, given = _option(value)
                if _UPGRADES.match(value):
                    self.asked.options.add("--upgrade")
                if given is None and name in _LONG_WITH_VALUE:
                    given = values[at][0] if at < len(values) else ""
                    at += 1
                self.option(name, given or "", line, "")

    def option(self, name: str, value: str, line: int, folder: str) -> None:
        """Take an option; `folder` is that of the requirement file it stands in, if one."""
        asked = self.asked
        if name in ("--requirement", "--constraint"):
            if folder and not _URL.match(value):
                value = posixpath.normpath(posixpath.join(folder, value))
            self.file(value, line, constraint=name == "--constraint")
        elif name == "--editable":
            self.requirement(value, value, line, editable=True)
        elif name in _OTHER_INDEX:
            why = "files may come from there instead of the index that was asked"
            asked.miss(f"{name} {value}", why, line)
        elif name in _OTHER_TARGET:
            asked.miss(f"{name} {value}", "its files may be for another Python or system", line)
        elif name in ("--group", "--requirements-from-script"):
            asked.miss(f"{name} {value}", "what it asks for is not read", line)
        elif name in ("--no-binary", "--only-binary"):
            _formats(asked, name == "--no-binary", value)
        asked.options.add(name)

    def file(self, path: str, line: int, *, constraint: bool) -> None:
        """Take a requirement file, or one of constraints."""
        if (path, constraint) in self.done:
            return
        self.done.add((path, constraint))
        if "://" in path:
            self.asked.miss(path, "it is downloaded", line)
            return
        path = re.sub(r"^~(?=/)", self.names["HOME"], path)
        found = self.context.read(posixpath.join(self.folders[0], path), self.number)
        for folder in self.folders[1:]:
            if isinstance(found, Missing):
                other = self.context.read(posixpath.join(folder, path), self.number)
                found = found if isinstance(other, Missing) else other
        if isinstance(found, Missing):
            self.asked.miss(path, found.why, line)
            return
        if found.changed:
            self.asked.miss(path, "a RUN may change it; it was read as it is before", line)
        for text in _lines(encode(found.text).decode("utf-8-sig", "replace")):
            self.line(text, path, line, constraint=constraint)

    def line(self, text: str, path: str, line: int, *, constraint: bool) -> None:
        """Take a logical line of a requirement file."""
        text = _ENV.sub(lambda m: self.names.get(m[1]) or m[0], text)
        head = re.split(r"(?:^|\s)(?=--?[A-Za-z])", text, maxsplit=1)
        requirement, rest = head[0].strip(), text[len(head[0]) :].strip()
        try:
            tokens = shlex.split(rest)
        except ValueError:
            self.asked.miss(f"{path}: {text}", "it cannot be read", line)
            return
        hashes: set[str] = set()
        at = 0
        while at < len(tokens):
            name, given = _option(tokens[at])
            at += 1
            if given is None and name in _LONG_WITH_VALUE:
                given = tokens[at] if at < len(tokens) else ""
                at += 1
            if name == "--hash":
                hashes.update([given.partition(":")[2]] if given else [])
                self.asked.options.add("--require-hashes")
            elif not requirement:
                self.option(name, given or "", line, posixpath.dirname(path))
        if not requirement:
            return
        if constraint:
            self.constraint(requirement, path, line)
        else:
            why = f"{requirement} ({posixpath.basename(path)})"
            self.requirement(requirement, why, line, hashes=frozenset(hashes))

    def constraint(self, text: str, path: str, line: int) -> None:
        """Take a constraint."""
        found = self._parsed(text, f"{path}: {text}", line)
        if found is not None:
            name = canonicalize_name(found.name)
            known = self.asked.constraints.get(name, SpecifierSet())
            self.asked.constraints[name] = known & found.specifier

    def requirement(
        self,
        text: str,
        why: str,
        line: int,
        *,
        editable: bool = False,
        hashes: frozenset[str] = frozenset(),
    ) -> None:
        """Take a requirement, or what stands in the place of one."""
        bare = text.partition("[")[0].strip()
        if _URL.match(text):
            self.asked.miss(text, "a URL, not a project of the index", line)
        elif editable or _LOCAL.match(bare) or _ARCHIVE.search(bare):
            self.asked.miss(text, "a folder or file of the build; what it needs is unknown", line)
        else:
            found = self._parsed(text, text, line)
            if found is not None:
                self.asked.wanted.append(wanted(found, why, line, hashes))

    def _parsed(self, text: str, what: str, line: int) -> Requirement | None:
        """Give a requirement; None where it is none, is not for this Python, or has a URL."""
        if "${" in text:
            self.asked.miss(what, "the value of a variable in it is not known", line)
            return None
        try:
            found = Requirement(text)
        except InvalidRequirement:
            self.asked.miss(what, "it cannot be read as a requirement", line)
            return None
        if not applies(found, self.asked.marker):
            return None
        if found.url:
            self.asked.miss(what, "a URL, not a project of the index", line)
            return None
        return found


def wanted(found: Requirement, why: str, line: int, hashes: frozenset[str] = frozenset()) -> Wanted:
    """Give what a requirement asks for."""
    extras = frozenset(canonicalize_name(extra) for extra in found.extras)
    name = canonicalize_name(found.name)
    return Wanted(name, found.specifier, extras, without_secrets(why), line, hashes)


def applies(
    found: Requirement, marker: Mapping[str, str], extras: frozenset[str] = frozenset()
) -> bool:
    """Tell whether a requirement's marker holds with one of the extras, or without any."""
    if found.marker is None:
        return True
    try:
        return any(
            found.marker.evaluate({**marker, "extra": extra}) for extra in sorted(extras) or [""]
        )
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True  # pip would not go on; what comes of it is at most too much


def _folders(use: Use, context: Context) -> Iterator[str]:
    """Give the folders that a call may run in, the likeliest first: `cd` changes them."""
    folders = [context.workdir(use.instruction)]
    for program in use.call.body.reading.programs:
        if program.words[0].start >= use.call.program.words[0].start:
            break
        if program.name == "cd" and len(program.words) == 2 and HOLE not in program.words[1].value:
            folders.append(posixpath.join(folders[-1], program.words[1].value))
    yield from reversed(folders)


def _option(word: str) -> tuple[str, str | None]:
    """Give an option's long name and its value; None where that may be the next word."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return _LONG.get(name, name), value if equals else None
    for at, letter in enumerate(word[1:], 1):
        if letter in _SHORT_WITH_VALUE:
            return _LONG["-" + letter], word[at + 1 :].removeprefix("=") or None
    return _LONG.get(word, word), None


def _formats(asked: Asked, source: bool, value: str) -> None:
    mine, other = (
        (asked.no_binary, asked.only_binary) if source else (asked.only_binary, asked.no_binary)
    )
    for name in value.split(","):
        if name == ":none:":
            mine.clear()
        elif name == ":all:":
            other.clear()
            mine.add(name)
        elif name:
            other.discard(canonicalize_name(name))
            mine.add(canonicalize_name(name))


def _lines(text: str) -> Iterator[str]:
    """Give the logical lines of a requirement file: joined, comments left out."""
    joined = ""
    for line in text.splitlines():
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            joined += line[:-1]
            continue
        # a comment line ends what is continued
        whole = _COMMENT.sub("", joined + (" " + line if comment else line)).strip()
        joined = ""
        if whole:
            yield whole
    if joined.strip():
        yield _COMMENT.sub("", joined).strip()
