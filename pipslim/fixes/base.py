"""What a pass is and what it gives: findings, each with at most one fix, or the reason for none."""

from __future__ import annotations

from enum import IntEnum

from pipslim.facts.options import KEEP
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document
    from pipslim.syntax.edits import Edit
    from pipslim.syntax.source import Span


class Safety(IntEnum):
    """How far a fix may be trusted; there is no default, a pass must say."""

    SHOWN = 0  # printed with its reason, never applied
    UNSAFE = 1  # valid, but the meaning may change: needs --unsafe
    SAFE = 2  # what the user asked for, and nothing else changes; every comment kept


# How the title of a fix ends that makes a file need BuildKit, where nothing in it did before.
NEEDS_BUILDKIT = " (needs BuildKit)"
# Why a mount whose cache is turned off is not mended unasked.
WHICH = "--cache mount keeps the mount, --cache none takes it away"


class Fix(NamedTuple):
    """A change, all or none: what it does, how safe it is, and its edits of the document's text.

    All that it does on purpose, besides putting in words and commands, it declares; the proof
    refuses the rest. `adds` names the variables that it adds to the environment, `alters` those
    that it changes or removes. `drops` are the commands and the words, as written, that it removes.
    `flags` are the flags of a RUN that it changes, as written: each before and after, one of them
    empty where the flag is added or removed. `lines` are those that it adds to the data of a
    heredoc.
    """

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
    adds: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    alters: tuple[str, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()


class Elsewhere(NamedTuple):
    """A place in another file that the build reads: the file's path in the context, and its text.

    `kind` is what the file is, and so how a change of it is proven: CONF, SCRIPT or PYTHON. `span`
    is the place in `text`, which is the file as it is by now.
    """

    path: str
    text: str
    kind: str
    span: Span


CONF, SCRIPT, PYTHON = "settings of pip", "script", "script in Python"


class Finding(NamedTuple):
    """One place where a fault stands; `why_not` says why there is no fix, where there is none.

    `{line}` in it becomes the line of `refers`, another place in the document, in the file on disk.
    With `elsewhere`, the fault stands there, and the fix's edits are of that text; `span` is what
    the Dockerfile has to do with it, and where an ignore comment silences it.
    """

    pass_id: str
    span: Span
    message: str
    fix: Fix | None = None
    why_not: str = ""
    refers: int = -1
    elsewhere: Elsewhere | None = None


class About(NamedTuple):
    """What a pass is for, in words: the README's table, `pipslim explain` and a test read this.

    `before` and `after` are whole Dockerfiles: the pass alone makes the second of the first, where
    it is told `cache`, if that is said.
    """

    id: str
    summary: str
    why: str
    price: str
    before: str
    after: str
    cache: str = KEEP


if TYPE_CHECKING:
    from typing import Protocol

    class Pass(Protocol):
        """A module of this folder: it says what it is about, and finds its fault."""

        @property
        def ABOUT(self) -> About:  # noqa: N802 - a constant of the module
            """What the pass is for."""
            ...

        @property
        def find(self) -> Callable[[Document, Facts], Iterator[Finding]]:
            """A function that gives the findings in a document: it looks, never changes."""
            ...
