"""Dockerfiles inside bake files, HCL and JSON: `dockerfile-inline` of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.targets import given

if TYPE_CHECKING:
    from pipslim.carriers.part import Part

_NAMES = frozenset(("dockerfile-inline",))


def parts(text: str) -> tuple[Part, ...]:
    """Give the Dockerfiles in a bake file's text, in the order of their places.

    Where a condition chooses among several, each is given. What bake fills in (`${…}`) is a hole;
    one that consists of nothing else, or that a function or a variable gives, is left out. Raises
    Unreadable where the text is neither HCL nor JSON.
    """
    found = [part for each in given(text, _NAMES) for part in each.strings]
    return tuple([part for part in found if part.whole or part.text.strip("#\n")])
