"""The proof for edited Python: without the flags put in, its tree is the one that it was."""

from __future__ import annotations

import ast

from pipslim.facts.flag import FLAG
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.facts.python.source import Source, parsed
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Range = tuple[int, int]

_BLANK = " \t\r\n,"


def differs(old: str, now: str, cuts: Sequence[Range], scripts: Sequence[Range]) -> str:
    """Tell how a script in Python is not what it was with flags put into it, or nothing.

    `cuts` are the ranges of `now` that were put in, `scripts` those where shell scripts stand,
    which are compared by themselves. What was put in is the flag as an element of a list, behind a
    subcommand of pip that leaves a cache, and the comma and the blanks for it; or it is in such a
    script, and a flag there too.
    """
    if not cuts and old == now:
        return ""
    if _without(now, cuts) != old:
        return "Python was removed or changed"
    before, after = parsed(old), parsed(now)
    if isinstance(before, str) or isinstance(after, str):
        return "Python that cannot be read was changed"
    proof = _Proof(after, cuts, scripts)
    if not proof.same(before.tree, after.tree):
        return "the Python is not that of before with flags put in"
    for low, high in cuts:
        if _within((low, high), scripts):
            continue
        rest = now[low:high]
        for start, end in proof.flags:
            if low <= start and end <= high:
                rest = now[low:start] + now[end:high]
        if rest.strip(_BLANK):
            return "more than a flag was put into Python"
    return ""


class _Proof:
    """Compares two trees; `flags` are the places of what the second has more."""

    __slots__ = ("_after", "_cuts", "_scripts", "flags")

    def __init__(self, after: Source, cuts: Sequence[Range], scripts: Sequence[Range]) -> None:
        self._after = after
        self._cuts = cuts
        self._scripts = scripts
        self.flags: list[Range] = []

    def same(self, old: object, now: object) -> bool:
        """Tell whether a node is the other but for flags that were put in."""
        if type(old) is not type(now):
            return False
        if isinstance(old, ast.Constant) and isinstance(now, ast.Constant):
            return self._constant(old, now)
        if isinstance(old, ast.AST) and isinstance(now, ast.AST):
            for field in old._fields:
                mine, other = getattr(old, field, None), getattr(now, field, None)
                if field == "elts" and isinstance(now, (ast.List, ast.Tuple)):
                    other = self._without_flag(now.elts)
                if not self.same(mine, other):
                    return False
            return True
        if isinstance(old, list) and isinstance(now, list):
            return len(old) == len(now) and all(map(self.same, old, now))
        return old == now

    def _without_flag(self, elements: list[ast.expr]) -> list[ast.expr]:
        """Give the elements of a list without flags that were put in behind a subcommand."""
        kept: list[ast.expr] = []
        for each in elements:
            ahead = kept[-1] if kept else None
            if isinstance(each, ast.Constant) and each.value == FLAG:
                span = self._after.span(each)
                if _within(span, self._cuts) and isinstance(ahead, ast.Constant):
                    if ahead.value in CACHE_WRITERS:
                        self.flags.append(span)
                        continue
            kept.append(each)
        return kept

    def _constant(self, old: ast.Constant, now: ast.Constant) -> bool:
        """Compare texts: a shell script in one may have got a flag, where one was put in."""
        one, other = old.value, now.value
        if type(one) is not type(other) or old.kind != now.kind:
            return False
        if one == other or not isinstance(one, str) or not isinstance(other, str):
            return bool(one == other)
        low, high = self._after.span(now)
        put = [cut for cut in self._cuts if low < cut[0] and cut[1] < high]
        if not put or not all(_within(cut, self._scripts) for cut in put):
            return False
        option = f" {FLAG}"
        more = other.count(option) - one.count(option)
        return 0 < more <= len(put) and one.replace(option, "") == other.replace(option, "")


def _without(text: str, cuts: Iterable[Range]) -> str:
    kept, done = [], 0
    for low, high in sorted(cuts):
        kept.append(text[done:low])
        done = high
    return "".join([*kept, text[done:]])


def _within(span: Range, ranges: Iterable[Range]) -> bool:
    return any(low <= span[0] and span[1] <= high for low, high in ranges)
