"""What becomes of pip's cache where a cache mount is to hold it, or no mount is to be left."""

from __future__ import annotations

from itertools import groupby

from pipslim.facts.flag import OUTPUT_READ, flag_refused
from pipslim.facts.leftovers import CACHE
from pipslim.facts.mounts import (
    NONE_NEEDED,
    Unfit,
    Wanted,
    no_cache_words,
    own_mount,
    own_purges,
    reliance,
    shows_buildkit,
    wanted,
)
from pipslim.facts.options import MOUNT
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.fixes.base import NEEDS_BUILDKIT, Finding, Fix, Safety
from pipslim.fixes.mounting import flagged, unflagged
from pipslim.fixes.removal import Removal, at_hand, removal
from pipslim.fixes.words import STAYS, UNSURE, added, as_written, in_python, without_words
from pipslim.syntax.edits import Edit
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.syntax.document import Document

_ID = "pip-cache"
_TITLE = "mount a cache"


def settled(
    document: Document, facts: Facts, uses: Sequence[Use]
) -> tuple[list[Finding], tuple[Use, ...]]:
    """Give the findings for mounts that are wanted, or not; and the calls that are left for flags.

    `uses` are the calls of a stage, in order.
    """
    found: list[Finding] = []
    left: list[Use] = []
    settle = _mount if facts.options.cache == MOUNT else _unmount
    for _, group in groupby(uses, _instruction):
        calls = [use for use in group if use.call.subcommand in CACHE_WRITERS]
        finding, others = settle(document, facts, calls)
        found += finding
        left += others
    return found, tuple(left)


def _instruction(use: Use) -> int:
    return use.instruction


def _mount(document: Document, facts: Facts, calls: list[Use]) -> tuple[list[Finding], list[Use]]:
    """Give each call of a RUN its cache mount: one fix for the whole RUN."""
    edits: list[Edit] = []
    drops: list[str] = []
    flags: list[tuple[str, str]] = []
    mounted: list[Use] = []
    found: list[Finding] = []
    left: list[Use] = []
    wishes = [wanted(facts, use) for use in calls]
    # a RUN is mounted for all of its calls that have a cache, or for none
    unfit = next((wish for wish in wishes if isinstance(wish, Unfit) and wish.why), None)
    purged = _purged(document, facts, calls)
    if isinstance(purged, str) and unfit is None:
        unfit = Unfit(f"its RUN purges the cache: {purged}")
    for use, own in zip(calls, wishes, strict=True):
        wish = own if unfit is None or own == NONE_NEEDED else unfit
        if facts.cache_mount(use):
            change = _own(facts, use, wish)
            if change is not None:
                edits.append(change[0])
                flags.append(change[1])
                mounted.append(use)
            continue
        reason = wish if not isinstance(wish, Wanted) else None
        if reason is None and facts.cache_off(use):
            reason = reliance(facts)
        words = no_cache_words(use) or ()
        without = without_words(document, use.call.program, use.after, words)
        if isinstance(wish, Wanted) and reason is None and without is not None:
            mounted.append(use)
            edits += without
            drops += as_written(use.call.program, words)
            if ("", wish.flag) not in flags:
                flags.append(("", wish.flag))
        elif use.call.turns_cache_off or facts.cache_off(use):
            if reason is None and without is None:
                reason = Unfit("a comment stands beside the flag, which would go")
                if in_python(use.call.program):
                    reason = Unfit(STAYS)
            if reason is not None and reason.why:
                found.append(_held(use, reason))
        else:
            left.append(use)
    if not mounted:
        return found, left
    if not isinstance(purged, str):
        edits += purged.edits
        drops += purged.drops
    new = [flag for old, flag in flags if not old]
    if new:
        instruction = document.instructions[mounted[0].instruction]
        edits.append(flagged(document, instruction, new))
    title = _TITLE if shows_buildkit(facts) else _TITLE + NEEDS_BUILDKIT
    fix = Fix(title, Safety.SAFE, tuple(sorted(edits)), (), tuple(drops), (), tuple(flags))
    call = mounted[0].call
    message = f"`{call.spelling} {call.subcommand}` has no cache mount"
    if not new:
        fix = fix._replace(title="make the mount its user's own")
        message = f"the cache mount of `{call.spelling} {call.subcommand}` is not its user's own"
    return [Finding(_ID, mounted[0].span(), message, fix), *found], left


def _purged(document: Document, facts: Facts, calls: list[Use]) -> Removal | str:
    """Take the commands that empty pip's cache, and nothing else, out of a RUN; or tell why not."""
    found = own_purges(facts, calls[0]) if calls else []
    if not found:
        return Removal((), ())
    if not all(at_hand(facts, each) for each in found):
        return "not by a plain link of its chain"
    number = found[0].number
    taken = removal(document, number, facts.run(number), [each.program.outer for each in found])
    if isinstance(taken, str):
        return taken
    # as they stood ahead of strict-purge, too, whose -f goes with them
    ways = [way for each in taken.drops for way in (each, each.replace("rm -f ", "rm ", 1))]
    return taken._replace(drops=tuple(dict.fromkeys(ways)))


def _held(use: Use, reason: Unfit) -> Finding:
    message = f"`{use.call.spelling} {use.call.subcommand}` has no cache mount"
    return Finding(_ID, use.span(), message, None, reason.why, reason.refers)


def _own(facts: Facts, use: Use, wish: Wanted | Unfit) -> tuple[Edit, tuple[str, str]] | None:
    """Give the edit that makes a mount its user's own, and the flag before and after."""
    own = own_mount(facts, use)
    if own is None or not isinstance(wish, Wanted) or ",uid=" not in wish.flag:
        return None
    mount, flag = own
    if "uid" in mount.options or "gid" in mount.options or "mode" in mount.options:
        return None
    instruction = facts.document.instructions[use.instruction]
    written = instruction.view.text[flag.start : flag.end]
    owner = wish.flag[wish.flag.index(",uid=") :]
    if written[-1] in "\"'":
        return None
    end = instruction.after(flag.end)
    return Edit(end, end, owner), (written, written + owner)


def _unmount(document: Document, facts: Facts, calls: list[Use]) -> tuple[list[Finding], list[Use]]:
    """Take the mount of pip's cache off a RUN, and give its calls the flag."""
    stage = facts.stages.of(calls[0].instruction) if calls else None
    if stage is None or facts.needed(stage, CACHE) is not None:
        return [], calls
    mounted = [use for use in calls if facts.cache_mount(use) and use.call.cache_dir is None]
    on = [u for u in mounted if not u.call.turns_cache_off and not facts.cache_off(u)]
    if not on:
        return [], calls
    call = on[0].call
    told = Finding(_ID, on[0].span(), f"`{call.spelling} {call.subcommand}` has a cache mount")
    own = own_mount(facts, mounted[0])
    if own is None:
        return [told._replace(why_not="other tools may use that mount too")], calls
    instruction = document.instructions[mounted[0].instruction]
    taken = unflagged(document, instruction, own[1])
    if taken is None:
        return [told._replace(why_not="a comment stands behind the mount, which would go")], calls
    if any(use.call.read for use in on):
        return [told._replace(why_not=OUTPUT_READ)], calls
    flagged = [use for use in on if not flag_refused(facts, stage, use)[0]]
    put = [added(document, use) for use in flagged]
    if not all(put):
        return [told._replace(why_not=UNSURE)], calls
    edits = (taken[0], *(edit for each in put for edit in each))
    title = "take the cache mount away, add --no-cache-dir"
    fix = Fix(title, Safety.SAFE, tuple(sorted(edits)), flags=(taken[1],))
    rest = [use for use in calls if use not in on]
    return [told._replace(fix=fix)], rest
