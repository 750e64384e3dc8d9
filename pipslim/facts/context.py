"""The build context: which of its files stands at a path of the image."""

from __future__ import annotations

import posixpath
import re

from pipslim.syntax.expand import BadExpansion, expand
from pipslim.syntax.forms import flags, json_strings
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from typing import Protocol

    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Instruction

    class Folder(Protocol):
        """The folder of a build context, as a builder is sent it: what is ignored is not there.

        Paths are seen from its top, their parts joined by `/`, without `.`, `..` and a `/` ahead;
        the top itself is an empty text.
        """

        def read(self, path: str) -> str | None:
            """Give a file's text, each byte of it as `pipslim.decode` has it; None where is none.

            Raises OSError, its text saying why, for a file that is there and cannot be read.
            """
            ...

        def is_folder(self, path: str) -> bool:
            """Tell whether a path is that of a folder."""
            ...

        def match(self, pattern: str) -> list[str]:
            """Give the files and folders that a pattern with `*`, `?` and `[]` means, in order."""
            ...


_GLOB = lazy(r"[*?\[]")
_REMOTE = lazy(r"(?:https?|git|ssh)://|git@")
_DEEPEST = 16
NOT_THERE = "it is not in the build context"


class Found(NamedTuple):
    """The text of a file, each byte of it, and where it is from.

    `changed` tells that a RUN may have changed it on its way. `path` is that of a file of the
    context, seen from its top with slashes. Of a heredoc it is empty, and `offset` is where the
    text begins in the Dockerfile. `number` is the instruction that brings it there: a COPY or ADD,
    or the RUN itself where it mounts the file.
    """

    text: str
    changed: bool = False
    path: str = ""
    offset: int = -1
    number: int = -1


class Missing(NamedTuple):
    """Why the text of a file cannot be seen; `named` where a COPY names it, or has it."""

    why: str
    named: bool = False


class _Copy(NamedTuple):
    """A COPY or ADD: its sources, its absolute destination, whether that is a folder for sure.

    `origin` is what `--from` names, or nothing. `picks` tells that flags say what of the sources
    comes where.
    """

    sources: tuple[str, ...]
    target: str
    folder: bool
    origin: str
    picks: bool


class Nowhere:
    """The folder of a build context that is not known: nothing is there."""

    def read(self, path: str) -> None:
        """Give nothing."""

    def is_folder(self, path: str) -> bool:
        """Tell that a path is no folder."""
        del path
        return False

    def match(self, pattern: str) -> list[str]:
        """Give nothing that a pattern means."""
        del pattern
        return []


class Context:
    """The files of a build context, found by their paths in the image.

    Source: Dockerfile reference, "COPY", "ADD", "WORKDIR" and "RUN --mount". A working directory
    that a base image sets is not known, and taken for `/`.
    """

    __slots__ = ("_covered", "_facts", "_folder", "looked_at")

    def __init__(self, facts: Facts, folder: Folder) -> None:
        self._facts = facts
        self._folder = folder
        self._covered = False
        self.looked_at: dict[str, str] = {}  # the files of the context that were found: their texts

    def workdir(self, number: int) -> str:
        """Give the working directory before the instruction `number`."""
        stage = self._facts.stages.of(number)
        path = "/"
        for member in stage.chain() if stage is not None else ():
            end = number if member is stage else member.stage.last
            for at in range(member.stage.first + 1, end):
                instruction = self._facts.document.instructions[at]
                if instruction.keyword == "WORKDIR":
                    path = posixpath.join(path, self._expanded(at, instruction.arguments))
        return _absolute(path)

    def read(self, path: str, number: int) -> Found | Missing:
        """Give the file that the RUN `number` sees at an absolute path of the image."""
        path = _absolute(path)
        self._covered = False
        stage = self._facts.stages.of(number)
        assert stage is not None
        for mount in self._facts.stages.mounts(number):
            target = posixpath.join(self.workdir(number), mount.target)
            inside = _inside(path, _absolute(target)) if mount.target else None
            if mount.type == "bind" and inside is not None:
                source = mount.options.get("source") or mount.options.get("src") or "."
                origin = mount.options.get("from", "")
                found = self._at(posixpath.join(source, inside), origin, 0)
                if isinstance(found, Found) and found.number < 0:
                    return found._replace(number=number)
                if found is not None:
                    return found
        found = self._find(path, stage, number, 0)
        if found is None and self._covered:
            return Missing(NOT_THERE)
        return found or Missing("nothing copies it from the build context")

    def copied(self, path: str, number: int) -> Found | Missing | None:
        """Give what the COPY or ADD `number` puts at an absolute path of the image, if anything."""
        self._covered = False
        found = self._copied(_absolute(path), number, self._facts.document.instructions[number], 0)
        return found._replace(number=number) if isinstance(found, Found) else found

    def _find(
        self, path: str, stage: StageFacts, number: int, depth: int
    ) -> Found | Missing | None:
        if depth > _DEEPEST:
            return Missing("it comes from too many stages")
        writes = writing(path)
        changed = False
        member: StageFacts | None = stage
        while member is not None:
            end = number if member is stage else member.stage.last
            for at in range(end - 1, member.stage.first, -1):
                instruction = self._facts.document.instructions[at]
                if instruction.keyword in ("COPY", "ADD"):
                    found = self._copied(path, at, instruction, depth)
                    if isinstance(found, Found):
                        changed = changed or found.changed
                        return found._replace(changed=changed, number=at)
                    if found is not None:
                        return found
                elif instruction.keyword == "RUN" and writes.search(instruction.view.text):
                    changed = True
            member = member.parent
        return Missing("a RUN writes it") if changed else None

    def _copied(
        self, path: str, at: int, instruction: Instruction, depth: int
    ) -> Found | Missing | None:
        """Give what a COPY or ADD puts at a path; None where it puts nothing there."""
        copy = self._read(at, instruction)
        inside = _inside(path, copy.target) if copy is not None else None
        if copy is None or inside is None:
            return None
        if copy.picks:
            return Missing("which files it copies is told by --parents or --exclude")
        heredocs = {each.name: each for each in instruction.heredocs}
        document = self._facts.document
        for source in copy.sources:
            name = posixpath.basename(source.rstrip("/"))
            if source.startswith("<<"):
                heredoc = heredocs.get(source.lstrip("<-").strip("'\""))
                if heredoc is None or inside not in ("", heredoc.name):
                    continue
                start = instruction.start
                text = document.text[start + heredoc.body.start : start + heredoc.body.end]
                if heredoc.expand and "$" in text:
                    return Missing("a heredoc with variables in it")
                return Found(text, offset=start + heredoc.body.start)
            if _REMOTE.match(source):
                if inside in ("", name):
                    return Missing("it is downloaded")
                continue
            for each in self._matching(source) if not copy.origin else [source]:
                found = self._one(each, inside, copy, depth)
                if found is not None:
                    return found
        return None

    def _one(self, source: str, inside: str, copy: _Copy, depth: int) -> Found | Missing | None:
        """Give what one source of a COPY, a file or the content of a folder, puts inside."""
        name = posixpath.basename(source.rstrip("/"))
        tries = [posixpath.join(source, inside)] if inside else []
        if not inside and not copy.folder:
            tries = [source]
        elif inside == name:
            tries = [source, *tries]
        for each in tries:
            found = self._at(each, copy.origin, depth)
            if isinstance(found, (Found, Missing)):
                return found
        if not copy.origin and self._folder.is_folder(_path(source)):
            self._covered = True  # a folder is copied there, which does not have it
        elif not copy.origin and inside in ("", name):
            return Missing(NOT_THERE, named=True)
        return None

    def _at(self, source: str, origin: str, depth: int) -> Found | Missing | None:
        """Read a path of the context, or of the stage or image that `origin` names."""
        if not origin:
            return self._load(source)
        for stage in self._facts.stages.all:
            if origin.lower() in (stage.name, str(stage.index)):
                return self._find(_absolute("/" + source), stage, stage.stage.last, depth + 1)
        return Missing("it comes from another image")

    def _load(self, source: str) -> Found | Missing | None:
        path = _path(source)
        try:
            text = self._folder.read(path)
        except OSError as error:
            return Missing(str(error), named=True)
        if text is None:
            return None
        self.looked_at[path] = text
        return Found(text, path=path)

    def _matching(self, source: str) -> list[str]:
        return self._folder.match(_path(source)) if _GLOB.search(source) else [source]

    def _read(self, at: int, instruction: Instruction) -> _Copy | None:
        document = self._facts.document
        found, end = flags(instruction, document.escape)
        text = instruction.view.text
        strings = json_strings(text, end)
        words = [s.value for s in strings] if strings else text[end:].split()
        words = [w if w.startswith("<<") else self._expanded(at, w) for w in words]
        if len(words) < 2:
            return None
        origin = "".join(flag.value for flag in found if flag.name == "from")
        *sources, last = words
        workdir = self.workdir(at)
        target = _absolute(posixpath.join(workdir, last))
        folder = (
            len(sources) > 1
            or last.endswith(("/", "/.", "/.."))
            or last in (".", "..", "")
            or _inside(workdir, target) is not None
        )
        picks = any(flag.name in ("parents", "exclude") for flag in found)
        return _Copy(tuple(sources), target, folder, self._expanded(at, origin), picks)

    def _expanded(self, number: int, word: str) -> str:
        try:
            environment = self._facts.stages.environment(number)
            return expand(word, environment.names, self._facts.document.escape)
        except BadExpansion:
            return word


def writing(path: str) -> re.Pattern[str]:
    """Give what the text of a RUN has that writes a file of a name, as it seems."""
    name = re.escape(posixpath.basename(path))
    return re.compile(rf"(?:>|\btee\b|\bsed\b|\s-o|--output\S*)[^\n;&|]*?(?<![\w.-]){name}\b")


def _absolute(path: str) -> str:
    """Give a path from the root on, without `.` and `..`."""
    return posixpath.normpath("/" + path.lstrip("/"))


def _path(source: str) -> str:
    """Give a source of a COPY as a path of the context: none leads out of it."""
    return _absolute("/" + source)[1:]


def _inside(path: str, folder: str) -> str | None:
    """Give what a path is inside a folder, nothing for the folder itself; None outside of it."""
    if path == folder:
        return ""
    head = folder.rstrip("/") + "/"
    return path[len(head) :] if path.startswith(head) else None
