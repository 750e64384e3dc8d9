"""Deciding: the passes, one fault each, and the order in which they are applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipslim.passes import bytecode, old_pip, pip_cache, pip_conf, split_env

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipslim.facts.known import Facts
    from pipslim.passes.base import About, Finding, Pass
    from pipslim.syntax.document import Document


class Step(NamedTuple):
    """A pass in its place: it waits while one of `waits_for` still has something to offer."""

    about: About
    find: Callable[[Document, Facts], Iterator[Finding]]
    waits_for: frozenset[str]

    @property
    def id(self) -> str:
        """The one spelling of the pass: file name, `--select`, ignore comments, fixtures."""
        return self.about.id


def _step(each: Pass, *waits_for: str) -> Step:
    return Step(each.ABOUT, each.find, frozenset(waits_for))


PASSES: tuple[Step, ...] = (
    _step(old_pip),
    # it stands behind the upgrade that old-pip makes, and reads pip's age from it
    _step(pip_conf, "old-pip"),
    # where no root can write the file, pip-conf sets variables, which are to be joined with others
    _step(split_env, "pip-conf"),
    # it joins the one ENV that is left
    _step(bytecode, "split-env"),
    # where pip-conf has set variables, the flag is not needed
    _step(pip_cache, "pip-conf"),
)

IDS = tuple(step.id for step in PASSES)
