"""Deciding: the passes, one fault each, and the order in which they are applied."""

from __future__ import annotations

from pipslim.passes import bytecode, old_pip, pip_cache, pip_conf, split_env, strict_purge
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipslim.facts.known import Facts
    from pipslim.passes.base import About, Finding, Pass
    from pipslim.syntax.document import Document

    _FindBehind = Callable[[Document, Facts, list[Finding]], Iterator[Finding]]


class Step(NamedTuple):
    """A pass in its place.

    A text without any of its `signs` has nothing for it, and is not looked at. It waits while one
    of `waits_for` has something to offer, and while any pass ahead of it is about to set one of
    the variables that it `reads`. Of what it waits for, `find_behind` is told what is offered: it
    gives what can be mended in the same round.
    """

    about: About
    find: Callable[[Document, Facts], Iterator[Finding]]
    signs: tuple[str, ...] = ("",)
    waits_for: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    find_behind: _FindBehind | None = None

    @property
    def id(self) -> str:
        """The one spelling of the pass: file name, `--select`, ignore comments, fixtures."""
        return self.about.id


def _step(
    each: Pass, *signs: str, waits_for: str = "", reads: str = "", behind: _FindBehind | None = None
) -> Step:
    waits, read = frozenset(waits_for.split()), frozenset(reads.split())
    return Step(each.ABOUT, each.find, signs, waits, read, behind)


_PIP = ("pip", "PIP")

PASSES: tuple[Step, ...] = (
    _step(split_env, "ENV", "env", "Env"),
    # ahead of all that keep pip or Python from leaving anything: its `rm` would fail then
    _step(strict_purge, *strict_purge.SIGNS),
    # it joins the last of neighbouring ENV, which split-env leaves as it is
    _step(bytecode, *bytecode.SIGNS, waits_for="strict-purge"),
    # behind bytecode: a new ENV line comes ahead of a RUN at the same place, which runs Python
    _step(old_pip, *_PIP),
    # it stands behind the upgrade that old-pip makes, and reads pip's age from it
    _step(pip_conf, *_PIP, waits_for="old-pip strict-purge", behind=pip_conf.find_behind),
    # where no root can write the file, pip-conf sets the variable, and the flag is not needed
    _step(pip_cache, *_PIP, waits_for="strict-purge", reads="PIP_NO_CACHE_DIR"),
)

IDS = tuple(step.id for step in PASSES)
