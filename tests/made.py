"""A pass that is no module of the package, for tests of what runs passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipslim.fixes.base import About
from pipslim.passes import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipslim.facts.known import Facts
    from pipslim.fixes.base import Finding
    from pipslim.syntax.document import Document


class _Made(NamedTuple):
    ABOUT: About
    find: Callable[[Document, Facts], Iterator[Finding]]


def made(name: str, find: Callable[[Document, Facts], Iterator[Finding]]) -> Step:
    """Give the step of a pass that is its `find` alone."""
    module = _Made(About(name, "", "", "", "", ""), find)
    return Step(name, lambda: module)
