"""A reference to a Dockerfile, or to a compose file; which names are literal paths."""

from __future__ import annotations

import posixpath

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST, TOP, EITHER = "host", "top", "either"
DOCKERFILE, INCLUDE = "dockerfile", "include"

# what is filled in later, what is elsewhere, what no repository holds
_NOT_HERE = lazy(r"[$\0\n\\*?<>|\"]|\{\{|://|^git@|^github\.com/|^[/~]|^-$|^[A-Za-z]:|^$")


class Reference(NamedTuple):
    """A file that another one names.

    `kind` is DOCKERFILE, or INCLUDE for a compose file that this host brings in. `path` and
    `context` are as written, with slashes; where no Dockerfile is named, `path` is `Dockerfile`;
    `context` is `.` where none is named or where it is not known. With `inside` the path is seen
    from the context, else it is not, though the build has that context. Both begin at `base`: HOST
    is the folder of the host file, TOP the top of the repository (its work tree), EITHER the first
    of those two where the file is there. `offset` is where the value stands that names it (0-based,
    in characters). Whether it is there is not known: ask the disk.
    """

    kind: str
    path: str
    context: str
    inside: bool
    base: str
    offset: int

    @property
    def seen(self) -> str:
        """The path from `base`, without `.` and without `x/..`; it may begin with `..`."""
        path = posixpath.join(self.context, self.path) if self.inside else self.path
        return posixpath.normpath(path)


def named(
    path: str | None, context: str | None, *, inside: bool, base: str, offset: int
) -> Iterator[Reference]:
    """Give the reference to a Dockerfile; `path` None is that of a context. None if not literal."""
    context = "." if context is None else context
    known = not _NOT_HERE.search(context)
    if path is None:
        path, inside = "Dockerfile", True
    if (known or not inside) and not _NOT_HERE.search(path):
        yield Reference(DOCKERFILE, path, context if known else ".", inside, base, offset)


def included(path: str, base: str, offset: int) -> Iterator[Reference]:
    """Give the reference to a compose file; none if its path is not literal."""
    if not _NOT_HERE.search(path):
        yield Reference(INCLUDE, path, ".", False, base, offset)
