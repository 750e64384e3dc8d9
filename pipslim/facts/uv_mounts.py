"""Cache mounts for uv: which one a call needs, which one it has, and what keeps it from either."""

from __future__ import annotations

from pipslim.facts.caches import brought, needed, removed_behind
from pipslim.facts.installers import cache_dir, mount_over
from pipslim.facts.mounts import ONBUILD, READ, Unfit, Wanted, mount_at, mount_for, removal_of
from pipslim.facts.uv import (
    FLAG,
    keeps_program,
    links,
    no_cache_words,
    runs_program,
    said,
    started_by_uv,
)
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.facts.caches import ByStage
    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import Mount, StageFacts
    from pipslim.facts.uv import Said
    from pipslim.syntax.document import Flag

# What keeps a cache out of the image; what a bind holds is there to be read.
KEEP_IT_OUT = ("cache", "tmpfs", "bind")


def wanted(facts: Facts, stage: StageFacts, call: Call, calls: ByStage) -> Wanted | Unfit:
    """Give the cache mount that a call needs, whatever its RUN has by now.

    `calls` are those of each stage, by its number. Source: uv's documentation, "Using uv in
    Docker", "Caching": a mount is another file system, so that files cannot be linked from there.
    """
    if call.onbuild:
        return ONBUILD
    if call.read:
        return READ
    told = said(facts, call)
    if told.off and not no_cache_words(call):
        return Unfit("a variable turns its cache off")
    if links(facts, call) == "symlink":
        return Unfit("what it installs are symbolic links into the cache")
    if call.subcommand != ("pip", "compile") and told.why_not:
        return Unfit(told.why_not)
    cache = cache_dir(facts, call, told.named)
    reason = _in_use(facts, stage, call, cache, calls)
    if reason is not None:
        return reason
    beside = [each for each in calls[stage.index] if each.instruction == call.instruction]
    own = [each.program for each in beside]
    # with the id of pip's, both would be in one folder
    own_id = f"{facts.options.cache_id}-uv" if facts.options.cache_id else ""
    found = mount_for(facts, call.instruction, call.program, cache, own, own_id)
    if isinstance(found, Unfit):
        return found
    if any(removed_behind(each, cache) for each in beside):
        return Unfit("its RUN empties the cache")
    return removal_of(facts, call.instruction, found.target) or found


def has_mount(facts: Facts, call: Call, types: tuple[str, ...] = ("cache",)) -> Mount | None:
    """Give the mount, of one of `types`, of a call's RUN that keeps its cache out of the image."""
    return mount_over(facts, call, cache_dir(facts, call, said(facts, call).named), types)


def own_mount(facts: Facts, call: Call) -> tuple[Mount, Flag] | None:
    """Give the cache mount of a call's RUN that serves uv's cache alone, with its flag."""
    return mount_at(facts, call.instruction, cache_dir(facts, call, said(facts, call).named))


def lacks_mount(call: Call, *, mounted: bool) -> str:
    """Say that a call has no cache mount, or, if it is `mounted`, that this is of no use."""
    if mounted:
        return f"`{FLAG}` defeats the cache mount of `{call.spelling}`"
    return f"`{call.spelling}` has no cache mount"


def off_refused(
    facts: Facts, stage: StageFacts, call: Call, told: Said, calls: ByStage
) -> Unfit | None:
    """Tell why `--no-cache` may not be added to a call, of whose cache `told` is said."""
    if told.why_not:
        return Unfit(told.why_not)
    if call.read:
        return READ
    if call.rest and call.rest[0].start == call.anchor.start and runs_program(call):
        return Unfit("the words behind the subcommand stand in a variable")
    return _in_use(facts, stage, call, cache_dir(facts, call, told.named), calls)


def _in_use(
    facts: Facts, stage: StageFacts, call: Call, cache: str | None, calls: ByStage
) -> Unfit | None:
    """Tell what needs the cache in the image, or brings one."""
    start = started_by_uv(facts.document, stage) if keeps_program(call) else None
    if start is not None:
        return Unfit("line {line} starts the image by uv, and may need what this leaves", start)
    need = needed(facts, stage, call.tool, calls)
    if need is not None:
        return Unfit(need.told, need.start)
    source = brought(facts, call, cache)
    return Unfit("line {line} brings a cache for it", source) if source is not None else None
