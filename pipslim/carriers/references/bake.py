"""Dockerfiles that a bake file names: `context` and `dockerfile` of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references.named import named
from pipslim.carriers.targets import given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.carriers.references.named import Reference

    _Values = dict[str, tuple[list[str], int]]

_NAMES = frozenset(("context", "dockerfile", "dockerfile-inline", "inherits"))
_UNKNOWN = "$"
_BESIDE = "cwd://"  # where bake was called, also for what is seen from a context else
_DEEPEST = 20


def find(text: str, base: str) -> Iterator[Reference]:
    """Give what the targets name, with what they inherit; paths begin where bake is called.

    Of a condition, each of the strings counts. Raises Unreadable.
    """
    targets: dict[str, _Values] = {}
    for target, name, strings, plain in given(text, _NAMES):
        said = [part.text if part.whole else _UNKNOWN for part in strings]
        place = strings[0].place(0) if strings else 0
        values = targets.setdefault(target, {})
        values[name] = (said if plain or len(said) > 1 else [_UNKNOWN], place)
    for label, own in targets.items():
        full = _inherited(targets, label, 0)
        if "dockerfile-inline" in full or not own.keys() & {"context", "dockerfile"}:
            continue
        _, offset = own["dockerfile"] if "dockerfile" in own else own["context"]
        for context in full.get("context", (["."], 0))[0]:
            for path in full.get("dockerfile", (["Dockerfile"], 0))[0]:
                yield from named(
                    path.removeprefix(_BESIDE),
                    context.removeprefix(_BESIDE) or ".",
                    inside=not path.startswith(_BESIDE),
                    base=base,
                    offset=offset,
                )


def _inherited(targets: dict[str, _Values], label: str, depth: int) -> _Values:
    """Give what holds for a target: of those it inherits the later one wins, and it over them."""
    found: _Values = {}
    own = targets.get(label, {})
    if depth < _DEEPEST:
        for parent in own.get("inherits", ([], 0))[0]:
            found.update(_inherited(targets, parent, depth + 1))
    found.update(own)
    return found
