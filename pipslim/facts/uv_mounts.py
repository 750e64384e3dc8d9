"""Cache mounts for uv: which one a call needs, which one it has, and what keeps it from either."""

from __future__ import annotations

from pipslim.facts.caches import brought, needed, removed_behind
from pipslim.facts.installers import cache_dir, mount_over
from pipslim.facts.mounts import ONBUILD, READ, Unfit, Wanted, mount_for, removal_of
from pipslim.facts.uv import keeps_program, links, no_cache_words, runs_program, said, started_by_uv
from pipslim.syntax.forms import flags
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import Mount, StageFacts
    from pipslim.syntax.document import Flag

    Calls = Mapping[int, tuple[Call, ...]]


def wanted(facts: Facts, stage: StageFacts, call: Call, calls: Calls) -> Wanted | Unfit:
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
    reason = _in_use(facts, stage, call, calls)
    if reason is not None:
        return reason
    beside = [each for each in calls[stage.index] if each.instruction == call.instruction]
    own = [each.program for each in beside]
    cache = cache_dir(facts, call, told.named)
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
    instruction = facts.document.instructions[call.instruction]
    target = cache_dir(facts, call, said(facts, call).named)
    given = [f for f in flags(instruction, facts.document.escape)[0] if f.name == "mount"]
    for mount, flag in zip(facts.stages.mounts(call.instruction), given, strict=True):
        if mount.type == "cache" and target and mount.target.rstrip("/") == target:
            return mount, flag
    return None


def off_refused(facts: Facts, stage: StageFacts, call: Call, calls: Calls) -> Unfit | None:
    """Tell why `--no-cache` may not be added to a call; None where it may."""
    told = said(facts, call)
    if told.why_not:
        return Unfit(told.why_not)
    if call.read:
        return READ
    if call.rest and call.rest[0].start == call.anchor.start and runs_program(call):
        return Unfit("the words behind the subcommand stand in a variable")
    return _in_use(facts, stage, call, calls)


def _in_use(facts: Facts, stage: StageFacts, call: Call, calls: Calls) -> Unfit | None:
    """Tell what needs the cache in the image, or brings one."""
    start = started_by_uv(facts.document, stage) if keeps_program(call) else None
    if start is not None:
        return Unfit("line {line} starts the image by uv, and may need what this leaves", start)
    need = needed(facts, stage, call.tool, calls)
    if need is not None:
        return Unfit(need.told, need.start)
    source = brought(facts, call, cache_dir(facts, call, said(facts, call).named))
    return Unfit("line {line} brings a cache for it", source) if source is not None else None
