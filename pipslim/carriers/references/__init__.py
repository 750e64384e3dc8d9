"""Files that name Dockerfiles: which those are, so that a Dockerfile is found whatever its name."""

from __future__ import annotations

import re

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BOM = b"\xef\xbb\xbf"


class Reference(NamedTuple):
    """A file that another one names.

    `path` is seen from the folder of the file that names it; with a `/` at its start, from the top
    of the work tree. It has `/` between its parts, and may have `.` and `..` among them. `kind` is
    empty for a Dockerfile, else that of a host, see `pipslim.carriers`.
    """

    path: str
    kind: str = ""


def from_either(path: str) -> tuple[Reference, Reference]:
    """Give what a path may name that is seen from the file's folder, or from the top."""
    return Reference(path), Reference(f"/{path}")


class Referrer(NamedTuple):
    """One kind of file that names Dockerfiles.

    `kind` is its one spelling: its module here, and what `pipslim.files.names.referrer` gives. Each
    of `naming` is a sign, and what finds all that may name a file where a file has that: its first
    group is the path, as far as that can be told without reading the format. It begins with plain
    bytes, so that it is fast.
    """

    kind: str
    naming: tuple[tuple[bytes, bytes], ...]

    def of(self, data: bytes, known: Callable[[str], bool]) -> tuple[Reference, ...]:
        """Give the files that a file of this kind names, in its order; none where it is broken.

        `known` tells of a file name that a file by it is found anyway. Where all names are such,
        nothing more is read.
        """
        if not any(sign in data and _new(found, data, known) for sign, found in self.naming):
            return ()
        from importlib import import_module

        try:
            text = data.removeprefix(_BOM).decode()
        except UnicodeDecodeError:
            return ()
        read: Callable[[str], Iterable[Reference]]
        read = import_module(f"{__name__}.{self.kind}").read
        return tuple(read(text))


def _new(naming: bytes, data: bytes, known: Callable[[str], bool]) -> bool:
    """Tell whether a path may be that of a file which is not found by its name."""
    for path in re.findall(naming, data):
        if b"$" in path or b"://" in path:
            continue  # filled in later, or elsewhere
        name = path.rpartition(b"/")[2]
        if not name or not known(name.decode("utf-8", "surrogateescape")):
            return True
    return False


_VALUE = rb"""["']?\s*[:=]\s*["']?([^\s"'#,}\]]*)"""
_WORD = rb"""(?![\w-])["']?[\s,=-]*["']?([^\s"',\]]*)"""
_DOCKERFILE = (b"dockerfile", rb"dockerfile(?![_-]inline)" + _VALUE)
_FILE = (b"-f", rb"-f" + _WORD)
_LONG_FILE = (b"--file", rb"--file" + _WORD)
REFERRERS = (
    Referrer(
        "compose",
        (_DOCKERFILE, (b"include", rb"include" + _VALUE), (b"extends", rb"file" + _VALUE)),
    ),
    Referrer("bake", (_DOCKERFILE,)),
    Referrer(
        "devcontainer",
        (
            _DOCKERFILE,
            (b"dockerFile", rb"dockerFile" + _VALUE),
            (b"dockerComposeFile", rb"dockerComposeFile" + _VALUE),
        ),
    ),
    Referrer("workflow", ((b"build-push-action", rb"file" + _VALUE),)),
    Referrer("action", ((b"docker", rb"image" + _VALUE),)),
    Referrer("skaffold", (_DOCKERFILE,)),
    Referrer("cloudbuild", (_FILE, _LONG_FILE, (b"--dockerfile", rb"--dockerfile" + _WORD))),
    Referrer("buildspec", (_FILE, _LONG_FILE)),
    Referrer("tekton", ((b"ockerfile", rb"ockerfile()"), (b"DOCKERFILE", rb"DOCKERFILE()"))),
)
BY_KIND = {each.kind: each for each in REFERRERS}

_FIRST = re.compile(
    rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:ARG[ \t]|FROM[ \t]+(?!\S+[ \t]+import\b)[^ \t\r\n])",
    re.IGNORECASE,
)


def looks_like_one(data: bytes) -> bool:
    """Tell whether a file that is named as a Dockerfile may be one: it begins with FROM or ARG.

    A file for another frontend (`# syntax=…`) can be anything, a YAML file say.
    """
    return _FIRST.match(data.removeprefix(_BOM)) is not None
