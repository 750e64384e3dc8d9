"""What a settings file would say to pip, said by variables."""

from __future__ import annotations

from pipslim.passes.base import Finding, Fix, Safety
from pipslim.passes.layout import joined
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.facts.conf import Settings
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document
    from pipslim.syntax.edits import Edit


def by_env(
    document: Document,
    facts: Facts,
    stage: StageFacts,
    wish: Settings,
    finding: Finding,
    why: str,
    removed: tuple[tuple[Edit, ...], tuple[str, ...]],
) -> Finding | None:
    """Give the finding for a stage where no file serves: the same settings as variables.

    `why` says why none does. `removed` are edits that take out what would fail then, and what that
    is.
    """
    if any(use.crashes for use in facts.uses(stage)):
        return finding._replace(why_not=f"{why}, and by ENV it would crash a pip that may be old")
    if any("sudo" in use.call.program.wrappers for use in facts.uses(stage)):
        return finding._replace(why_not=f"{why}, and sudo takes no ENV along")
    wanted = (("PIP_NO_CACHE_DIR", "1", wish.cache), ("PIP_COMPILE", "0", wish.compile_off))
    pairs = tuple(
        f"{name}={value}" for name, value, on in wanted if on and not facts.mentions(name)
    )
    if not pairs:
        return None
    names = tuple(pair.partition("=")[0] for pair in pairs)
    edits = (*joined(document, stage, pairs), *removed[0])
    title = f"set the same by ENV, for {why} here"
    return finding._replace(fix=Fix(title, Safety.SAFE, edits, names, removed[1]))
