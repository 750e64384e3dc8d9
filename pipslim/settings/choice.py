"""What holds for a run: which passes, how far they are trusted; wrong names are errors."""

from __future__ import annotations

from pipslim.facts.known import Options
from pipslim.passes import IDS
from pipslim.rewrite.engine import Choice
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from pipslim.options import Arguments

_VERSION = lazy(r"\d+(\.\d+)*")


class BadSetting(ValueError):
    """A setting that cannot be taken, in words that say what to do."""


def choice(arguments: Arguments) -> Choice:
    """Give what the engine is told; raises BadSetting for an unknown pass or a bad version."""
    for name in (*arguments.select, *arguments.ignore):
        if name not in IDS:
            raise BadSetting(f"unknown pass {name!r}{_nearest(name)}; passes: {', '.join(IDS)}")
    if arguments.assume_pip and not _VERSION.fullmatch(arguments.assume_pip):
        raise BadSetting(f"{arguments.assume_pip!r} is no version of pip; write one such as 24.0")
    passes = frozenset(arguments.select or IDS) - frozenset(arguments.ignore)
    if arguments.select and not passes:
        raise BadSetting("--ignore takes away every pass that --select names")
    bytecode = "bytecode" not in arguments.ignore
    options = Options(assume_pip=arguments.assume_pip, bytecode=bytecode)
    return Choice(passes, bool(arguments.unsafe), options)


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, IDS, 1)
    return f", did you mean {near[0]!r}?" if near else ""
