"""Settings of pip said by variables: those of a file, and those for installers that run a pip."""

from __future__ import annotations

from pipslim.facts.conf import VARIABLE
from pipslim.fixes.base import Finding, Fix, Safety
from pipslim.fixes.layout import joined
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.caches import ByStage
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.fixes.wishes import Wish
    from pipslim.syntax.document import Document


def by_env(
    document: Document,
    facts: Facts,
    stage: StageFacts,
    wish: Wish,
    finding: Finding,
    why: str,
) -> Finding | None:
    """Give the finding for a stage where no file serves: the same settings as variables.

    `why` says why none does.
    """
    if any(use.crashes for use in facts.uses(stage)):
        return finding._replace(why_not=f"{why}, and by ENV it would crash a pip that may be old")
    if any("sudo" in use.call.program.wrappers for use in facts.uses(stage)):
        return finding._replace(why_not=f"{why}, and sudo takes no ENV along")
    told = wish.settings
    wanted = ((VARIABLE, "1", told.cache), ("PIP_COMPILE", "0", told.compile_off))
    pairs = tuple(
        f"{name}={value}" for name, value, on in wanted if on and not facts.mentions(name)
    )
    if not pairs:
        return None
    names = tuple(pair.partition("=")[0] for pair in pairs)
    edits = (*joined(document, stage, pairs), *wish.edits)
    title = f"set the same by ENV, for {why} here"
    return finding._replace(fix=Fix(title, Safety.SAFE, edits, names, wish.drops))


def no_cache(
    document: Document,
    facts: Facts,
    pass_id: str,
    calls: ByStage,
    *,
    reads_conf: bool,
) -> Iterator[Finding]:
    """Give the findings for installers whose pip a variable tells to keep no cache.

    `calls` are theirs in each stage, by its number; `reads_conf` tells that they obey pip.conf.
    """
    from pipslim.facts.pip_based import state

    for stage in facts.stages.all:
        if stage.windows or not calls[stage.index]:
            continue
        if any(calls[above.index] for above in stage.chain()[:-1]):
            continue  # inherited
        told = state(facts, stage, calls, reads_conf=reads_conf)
        if told is None:
            continue
        message = f"`{told.call.spelling}` leaves pip's cache in the layer"
        span = told.call.span()
        if told.why_not:
            yield Finding(pass_id, span, message, None, told.why_not, told.refers)
            continue
        edits = joined(document, stage, (f"{VARIABLE}=1",))
        fix = Fix(f"set {VARIABLE}=1", Safety.SAFE, edits, (VARIABLE,))
        yield Finding(pass_id, span, message, fix)
