"""Whether a call of pip may be given the flag that turns its cache off."""

from __future__ import annotations

from pipslim.facts.leftovers import CACHE
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts

FLAG = "--no-cache-dir"
OUTPUT_READ = "another command reads its output"


def flag_refused(facts: Facts, stage: StageFacts, use: Use) -> tuple[str, int]:
    """Tell why a call is not to have the flag, or nothing; and the offset of a line it refers to.

    That is -1 where the reason names no `{line}`.
    """
    if use.call.read:
        return OUTPUT_READ, -1
    if use.pip.rejects_flag:
        return "this pip is older than 6.0: it has no cache, and rejects the flag", -1
    if use.pip.low == use.pip.high and (19, 0) <= use.pip.low < (19, 0, 2):
        return "pip 19.0 and 19.0.1 crash where their cache is turned off (pypa/pip#6197)", -1
    need = facts.needed(stage, CACHE)
    if need is not None:
        return need.told, need.start
    return "", -1
