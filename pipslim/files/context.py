"""A build context on disk: its files as a builder is sent them, without what is ignored."""

from __future__ import annotations

import os
import posixpath
import re

from pipslim.files.disk import Unreachable, read
from pipslim.files.names import IGNORES
from pipslim.syntax.source import BOM, decode
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 4 << 20  # bytes; nothing that a rewrite asks for is longer
_GLOB = re.compile(r"[*?\[\\]")
# What means something to an expression, and nothing to a pattern.
_LITERAL = frozenset(".+()|{}$^&~#")


class BadPattern(ValueError):
    """A pattern that a builder refuses."""


class ContextFolder:
    """The folder that a Dockerfile is built with: a `pipslim.facts.context.Folder` on disk.

    `folder` is its path, empty for the folder of the `dockerfile`. What `<Dockerfile>.dockerignore`
    leaves out is not there; without such a file, what `.dockerignore` at the top leaves out. A link
    may lead anywhere in the folder, and not out of it. Nothing is read before it is asked for.
    """

    __slots__ = ("_dockerfile", "_rules", "_top", "folder")

    def __init__(self, dockerfile: str, folder: str = "") -> None:
        self._dockerfile = dockerfile
        self.folder = folder or os.path.dirname(dockerfile) or os.curdir
        self._top = os.path.realpath(self.folder)
        self._rules: Ignored | None = None

    def on_disk(self, path: str) -> str:
        """Give the path of a file of the context on disk, named as the folder is."""
        return os.path.normpath(os.path.join(self.folder, *path.split("/")))

    def read(self, path: str) -> str | None:
        """Give a file's text, each byte of it; None where there is none, or it is left out.

        Raises OSError, its text saying why, for a file that is there and cannot be read.
        """
        where = os.path.join(self._top, *path.split("/"))
        if not os.path.isfile(where) or self._left_out(path):
            return None
        real = os.path.realpath(where)
        if not _is_in(real, self._top):
            raise OSError("it leads out of the build context")
        if os.path.getsize(real) > _MOST:
            raise OSError("it is too long for what it should be")
        try:
            return decode(read(real))
        except Unreachable as error:
            cause = error.__cause__
            told = cause.strerror if isinstance(cause, OSError) else None
            raise OSError(f"it cannot be read: {told or 'no regular file'}") from error

    def is_folder(self, path: str) -> bool:
        """Tell whether a path is that of a folder, of which something may be there."""
        if not os.path.isdir(os.path.join(self._top, *path.split("/"))):
            return False
        return not path or not self._left_out(path) or self._ignores().takes_back

    def match(self, pattern: str) -> list[str]:
        """Give the files and folders that a pattern of a COPY means, in the order of their names.

        Source: Go's `path.Match`, which BuildKit asks for each part between slashes.
        """
        found = [""]
        for part in pattern.split("/"):
            ahead, found = found, []
            for folder in ahead:
                found += self._parts(folder, part)
        return found

    def _parts(self, folder: str, part: str) -> list[str]:
        """Give what a part of a pattern means in a folder."""
        if not _GLOB.search(part):
            names = [part] if os.path.lexists(os.path.join(self._top, folder, part)) else []
        else:
            try:
                meant = re.compile(_expression(part), re.DOTALL)
                names = sorted(filter(meant.fullmatch, os.listdir(os.path.join(self._top, folder))))
            except (OSError, re.error, BadPattern):
                return []
        return [posixpath.join(folder, name) for name in names]

    def _left_out(self, path: str) -> bool:
        return self._ignores().leaves_out(path)

    def _ignores(self) -> Ignored:
        """Give what is ignored; raises OSError where the file that says so cannot be followed."""
        if self._rules is None:
            path = os.path.join(self._top, IGNORES)
            if self._dockerfile and os.path.lexists(self._dockerfile + IGNORES):
                path = self._dockerfile + IGNORES
            name = os.path.basename(path)
            try:
                text = decode(read(path)) if os.path.lexists(path) else ""
                self._rules = Ignored(text.removeprefix(BOM).split("\n"))
            except (Unreachable, BadPattern) as error:
                why = error if isinstance(error, BadPattern) else "it cannot be read"
                raise OSError(f"{name} says what the build context has, and {why}") from error
        return self._rules


class _Rule(NamedTuple):
    """A line of a .dockerignore: what it means, and whether it takes that back."""

    expression: re.Pattern[str]
    takes_back: bool


class Ignored:
    """What the lines of a .dockerignore leave out of a context; raises BadPattern.

    Of the lines that mean a path, or a folder that it is in, the last one decides. Source: Docker's
    documentation, ".dockerignore files", and the cases of moby/patternmatcher.
    """

    __slots__ = ("_rules", "takes_back")

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules: list[_Rule] = []
        self.takes_back = False
        for line in lines:
            if line.startswith("#"):
                continue
            pattern = line.strip()
            takes_back = pattern.startswith("!")
            if takes_back:
                pattern = pattern[1:].strip()
                if not pattern:
                    raise BadPattern("a line of it is a `!` alone")
            if not pattern:
                continue
            pattern = posixpath.normpath(pattern.lstrip("/") or "/")
            try:
                expression = re.compile(_expression(pattern), re.DOTALL)
            except re.error as error:
                raise BadPattern(f"the pattern {pattern!r} in it is not closed") from error
            self._rules.append(_Rule(expression, takes_back))
            self.takes_back = self.takes_back or takes_back

    def leaves_out(self, path: str) -> bool:
        """Tell whether a path, seen from the top of the context with slashes, is left out."""
        parts = path.split("/")
        paths = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        for expression, takes_back in reversed(self._rules):
            if any(map(expression.fullmatch, paths)):
                return not takes_back
        return False


def _expression(pattern: str) -> str:
    """Give the expression that matches whole what a pattern means; raises BadPattern.

    `*` and `?` stop at a slash, `**` does not. One at the start of a plain text means any that ends
    so, `**/` also nothing at all.
    """
    if pattern.startswith("**") and not _GLOB.search(pattern[2:]):
        rest = re.escape(pattern[2:])
        if rest.startswith("/"):
            return f"(?:.*/)?{rest[1:]}" if rest != "/" else ".*"
        return f".*{rest}"
    found: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if pattern.startswith("**", at - 1):
            at += 1
            at += pattern.startswith("/", at)
            found.append("(?:.*/)?" if at < len(pattern) else ".*")
        elif char == "*":
            found.append("[^/]*")
        elif char == "?":
            found.append("[^/]")
        elif char == "[":
            end = _closing(pattern, at)
            found.append(f"[{pattern[at:end]}]".replace("[[", r"[\[", 1))
            at = end + 1
        elif char == "\\":
            if at == len(pattern):
                raise BadPattern(f"the pattern {pattern!r} in it ends in a backslash")
            found.append(re.escape(pattern[at]))
            at += 1
        else:
            found.append(f"\\{char}" if char in _LITERAL or char == "]" else char)
    return "".join(found)


def _closing(pattern: str, at: int) -> int:
    """Give the place of the bracket that closes a set whose content begins at `at`."""
    start = at + pattern.startswith("^", at)
    end = start
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    if end >= len(pattern) or end == start:
        raise BadPattern(f"the pattern {pattern!r} in it is not closed")
    return end


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))
