"""What fixes say they do besides putting in words and commands; the proof refuses all else."""

from __future__ import annotations

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.fixes.base import Fix

_NONE: frozenset[str] = frozenset()
_NO_FLAGS: frozenset[tuple[str, str]] = frozenset()


class Declared(NamedTuple):
    """What was declared by the fixes of a rewrite, see `pipslim.fixes.base.Fix`."""

    adds: frozenset[str] = _NONE
    drops: frozenset[str] = _NONE
    alters: frozenset[str] = _NONE
    flags: frozenset[tuple[str, str]] = _NO_FLAGS
    lines: frozenset[str] = _NONE

    def also(self, fix: Fix) -> Declared:
        """Give this together with what one more fix declares."""
        if not (fix.adds or fix.drops or fix.alters or fix.flags or fix.lines):
            return self
        return Declared(
            self.adds.union(fix.adds),
            self.drops.union(fix.drops),
            self.alters.union(fix.alters),
            self.flags.union(fix.flags),
            self.lines.union(fix.lines),
        )

    def flags_alike(self, before: list[str], after: list[str]) -> bool:
        """Tell whether flags of a RUN, as written, differ by nothing but what was declared."""
        if before == after:
            return True
        lost = [flag for flag in before if flag not in after]
        new = [flag for flag in after if flag not in before]
        if [f for f in before if f not in lost] != [f for f in after if f not in new]:
            return False
        gone = [f for f in lost if (f, "") not in self.flags]
        come = [f for f in new if ("", f) not in self.flags]
        return all(any((f, other) in self.flags for other in new) for f in gone) and all(
            any((other, f) in self.flags for other in lost) for f in come
        )


def are_dropped(words: str, drops: frozenset[str]) -> bool:
    """Tell whether a text is words of `drops`, or commands of it, linked with each other."""
    if words in drops or drops.issuperset(words.split()):
        return True
    for drop in drops:
        rest = words[len(drop) :].strip() if words.startswith(drop) else ""
        for link in ("&&", ";"):
            if rest.startswith(link) and are_dropped(rest[len(link) :].strip(), drops):
                return True
    return False
