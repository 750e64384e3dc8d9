"""What becomes of uv's cache where a cache mount is to hold it, or no mount is to be left."""

from __future__ import annotations

from itertools import groupby

from pipslim.facts.mounts import Unfit, Wanted, shows_buildkit
from pipslim.facts.options import MOUNT
from pipslim.facts.uv import FLAG, LINK_MODE, image_may_need, links, no_cache_words, said
from pipslim.facts.uv_mounts import (
    KEEP_IT_OUT,
    has_mount,
    lacks_mount,
    off_refused,
    own_mount,
    wanted,
)
from pipslim.fixes.base import NEEDS_BUILDKIT, Finding, Fix, Safety
from pipslim.fixes.layout import joined, option_behind
from pipslim.fixes.mounting import flagged, unflagged, without_pair
from pipslim.fixes.words import as_written, without_words
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.caches import ByStage
    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document
    from pipslim.syntax.edits import Edit

_ID = "uv-cache"
_COPY = f"{LINK_MODE}=copy"


def settled(document: Document, facts: Facts, calls: ByStage) -> tuple[list[Finding], ByStage]:
    """Give the findings for mounts that are wanted, or not; and the calls that are left for flags.

    `calls` are those of each stage, by its number, that write a cache.
    """
    found: list[Finding] = []
    left: dict[int, tuple[Call, ...]] = {}
    settle = _mount if facts.options.cache == MOUNT else _unmount
    for stage in facts.stages.all:
        rest: list[Call] = []
        for _, group in groupby(calls[stage.index], _instruction):
            finding, others = settle(document, facts, stage, list(group), calls)
            found += finding
            rest += others
        left[stage.index] = tuple(rest)
    if facts.options.cache == MOUNT:
        found += _copied(document, facts, calls)
    elif found and all(finding.fix is not None for finding in found):
        found[-1] = _linked_again(document, facts, found[-1])
    return found, left


def _instruction(call: Call) -> int:
    return call.instruction


def _mount(
    document: Document, facts: Facts, stage: StageFacts, group: list[Call], calls: ByStage
) -> tuple[list[Finding], list[Call]]:
    """Give the calls of a RUN their cache mount: one fix for the whole RUN."""
    edits: list[Edit] = []
    drops: list[str] = []
    flags: list[str] = []
    fixed: list[Call] = []
    wishes = [wanted(facts, stage, call, calls) for call in group]
    unfit = next((wish for wish in wishes if isinstance(wish, Unfit)), None)
    found: list[Finding] = []
    left: list[Call] = []
    for call, wish in zip(group, wishes, strict=True):
        mounted = has_mount(facts, call)
        off = said(facts, call).off
        words = no_cache_words(call)
        if not off and has_mount(facts, call, KEEP_IT_OUT):
            continue
        without = without_words(document, call.program, call.after, words)
        if isinstance(wish, Wanted) and unfit is None and without is not None:
            fixed.append(call)
            edits += without
            drops += as_written(call.program, words)
            if not mounted and wish.flag not in flags:
                flags.append(wish.flag)
        elif off:
            reason = unfit or Unfit("a comment stands beside the flag, which would go")
            message = lacks_mount(call, mounted=mounted is not None)
            found.append(Finding(_ID, call.span(), message, None, reason.why, reason.refers))
        else:
            left.append(call)
    if not fixed:
        return found, left
    if flags:
        edits.append(flagged(document, document.instructions[fixed[0].instruction], flags))
    title = "mount a cache" if flags else "take the flag away"
    if flags and not shows_buildkit(facts):
        title += NEEDS_BUILDKIT
    message = lacks_mount(fixed[0], mounted=not flags)
    safety = Safety.SAFE
    if any(image_may_need(document, stage, call) for call in fixed):
        safety = Safety.UNSAFE
        message += ", and the environment of what it runs is not in the image then"
    changed = tuple(("", flag) for flag in flags)
    fix = Fix(title, safety, tuple(sorted(edits)), drops=tuple(drops), flags=changed)
    return [Finding(_ID, fixed[0].span(), message, fix), *found], left


def _unmount(
    document: Document, facts: Facts, stage: StageFacts, group: list[Call], calls: ByStage
) -> tuple[list[Finding], list[Call]]:
    """Take the mount of uv's cache off a RUN, and give its calls the flag."""
    mounted = [call for call in group if has_mount(facts, call)]
    left = [call for call in group if call not in mounted]
    if not mounted:
        return [], left
    told = Finding(_ID, mounted[0].span(), f"`{mounted[0].spelling}` has a cache mount")
    own = own_mount(facts, mounted[0])
    if own is None or any(own_mount(facts, call) != own for call in mounted):
        return [told._replace(why_not="other tools may use that mount too")], left
    on: list[Call] = []
    for call in mounted:
        told_of_it = said(facts, call)
        if told_of_it.off:
            continue
        on.append(call)
        refused = off_refused(facts, stage, call, told_of_it, calls)
        if refused is not None:
            return [told._replace(why_not=refused.why, refers=refused.refers)], left
    instruction = document.instructions[mounted[0].instruction]
    taken = unflagged(document, instruction, own[1])
    if taken is None:
        return [told._replace(why_not="a comment stands behind the mount, which would go")], left
    added = [
        option_behind(document, call.span(), FLAG, exec_form=call.program.exec_form) for call in on
    ]
    title = f"take the cache mount away, add {FLAG}" if on else "take the mount away"
    fix = Fix(title, Safety.SAFE, tuple(sorted((taken[0], *added))), flags=(taken[1],))
    return [told._replace(fix=fix)], left


def _copied(document: Document, facts: Facts, calls: ByStage) -> Iterator[Finding]:
    """Give a finding for each stage whose mounts uv would try to link files from, and warn."""
    if facts.mentions(LINK_MODE):
        return
    linking = {
        index: [call for call in each if has_mount(facts, call) and not links(facts, call)]
        for index, each in calls.items()
    }
    for stage in facts.stages.all:
        own = linking[stage.index]
        if own and not any(linking[above.index] for above in stage.chain()[:-1]):
            message = f"`{own[0].spelling}` tries links into the cache mount first, and warns"
            fix = Fix(f"set {_COPY}", Safety.SAFE, joined(document, stage, (_COPY,)), (LINK_MODE,))
            yield Finding(_ID, own[0].span(), message, fix)


def _linked_again(document: Document, facts: Facts, last: Finding) -> Finding:
    """Give the last finding that takes a mount away with the variables that served mounts."""
    assert last.fix is not None
    edits: list[Edit] = []
    for number in facts.stages.numbers("ENV"):
        instruction = document.instructions[number]
        found = pairs(instruction, document.escape)
        if isinstance(found, Malformed):
            continue
        values = [pair.value for pair in found if pair.key == LINK_MODE]
        edit = without_pair(document, instruction, LINK_MODE) if values == ["copy"] else None
        if edit is not None:
            edits.append(edit)
    if not edits:
        return last
    fix = last.fix._replace(edits=tuple(sorted((*edits, *last.fix.edits))), alters=(LINK_MODE,))
    return last._replace(fix=fix)
