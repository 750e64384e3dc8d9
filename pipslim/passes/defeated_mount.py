"""Cache mounts of pip calls whose cache is turned off: one of the two is not meant."""

from __future__ import annotations

from pipslim.facts.conf import VARIABLE
from pipslim.facts.mounts import no_cache_words, own_mount, reliance
from pipslim.facts.options import KEEP, MOUNT
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.fixes.base import WHICH, About, Finding, Fix, Safety
from pipslim.fixes.mounting import unflagged, without_pair
from pipslim.fixes.words import STAYS, as_written, in_python, without_words
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.syntax.document import Document

_ID = "defeated-mount"

ABOUT = About(
    id=_ID,
    summary="a cache mount for pip whose cache is turned off: only one of them is meant",
    why=(
        "With `--no-cache-dir`, or PIP_NO_CACHE_DIR, pip neither reads nor fills the cache that a "
        "mount keeps from build to build, so each build downloads everything anew. The image is "
        "the same with either. Which of them is meant the file does not tell: it is shown, and "
        "mended by `--cache mount`, which takes the flag or the variable away, or `--cache none`, "
        "which takes the mount away. The variable goes only if every call that relies on it has "
        "a mount."
    ),
    price="None: what is taken away had no effect beside the other.",
    before=(
        "FROM python:3.12-slim\n"
        "RUN --mount=type=cache,target=/root/.cache/pip \\\n"
        "    pip install --no-cache-dir flask\n"
    ),
    after=(
        "FROM python:3.12-slim\n"
        "RUN --mount=type=cache,target=/root/.cache/pip \\\n"
        "    pip install flask\n"
    ),
    cache=MOUNT,
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each call with a mount whose cache is off, and for such a variable."""
    by_variable = False
    unmounted: set[int] = set()
    for stage in facts.stages.all:
        for use in facts.pips(stage).uses:
            if use.call.subcommand not in CACHE_WRITERS or use.call.cache_dir is not None:
                continue
            if not facts.cache_mount(use, ("cache",)):
                by_variable = by_variable or (facts.options.cache == MOUNT and facts.cache_off(use))
                continue
            off = facts.cache_off(use)
            by_variable = by_variable or off
            if facts.options.cache == MOUNT:
                if use.call.turns_cache_off:
                    yield _without_flag(document, use)
                elif off and VARIABLE not in facts.stages.environment(use.instruction).env:
                    yield _told(use)._replace(why_not="no ENV says so, an ARG or its command does")
            elif off or use.call.turns_cache_off:
                if facts.options.cache == KEEP:
                    yield _told(use)._replace(why_not=WHICH)
                elif use.instruction not in unmounted:
                    unmounted.add(use.instruction)
                    yield _without_mount(document, facts, use)
    if by_variable and facts.options.cache == MOUNT:
        yield from _without_variable(document, facts)


def _told(use: Use) -> Finding:
    call = use.call
    by = "`--no-cache-dir`" if call.turns_cache_off else VARIABLE
    message = f"{by} defeats the cache mount of `{call.spelling} {call.subcommand}`"
    return Finding(_ID, use.span(), message)


def _without_flag(document: Document, use: Use) -> Finding:
    """Give the finding for a call that loses its flag, so that its mount is of use."""
    told = _told(use)
    words = no_cache_words(use)
    edits = without_words(document, use.call.program, use.after, words) if words else None
    if not words or edits is None:
        in_script = in_python(use.call.program)
        why_not = STAYS if in_script else "the flag cannot be taken out of that line"
        return told._replace(why_not=why_not)
    fix = Fix(
        "take the flag away", Safety.SAFE, tuple(edits), drops=as_written(use.call.program, words)
    )
    return told._replace(fix=fix)


def _without_mount(document: Document, facts: Facts, use: Use) -> Finding:
    """Give the finding for a RUN that loses the mount, which is of no use."""
    told = _told(use)
    own = own_mount(facts, use)
    if own is None:
        return told._replace(why_not="other tools may use that mount too")
    instruction = document.instructions[use.instruction]
    others = [u for u in facts.pips_of(use.instruction) if u.call.subcommand in CACHE_WRITERS]
    if any(not u.call.turns_cache_off and not facts.cache_off(u) for u in others):
        return told._replace(why_not="another call of the same RUN uses the mount")
    taken = unflagged(document, instruction, own[1])
    if taken is None:
        return told._replace(why_not="a comment stands behind the mount")
    fix = Fix("take the mount away", Safety.SAFE, (taken[0],), flags=(taken[1],))
    return told._replace(fix=fix)


def _without_variable(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each ENV that turns off the cache which mounts are to keep."""
    reason = reliance(facts)
    for number in facts.stages.numbers("ENV"):
        instruction = document.instructions[number]
        found = pairs(instruction, document.escape)
        if isinstance(found, Malformed) or VARIABLE not in [pair.key for pair in found]:
            continue
        span = Span(instruction.start, instruction.end)
        told = Finding(_ID, span, f"{VARIABLE} turns off the cache that mounts are to keep")
        if reason is not None:
            yield told._replace(why_not=reason.why, refers=reason.refers)
            continue
        edit = without_pair(document, instruction, VARIABLE)
        if edit is None:
            yield told._replace(why_not="it cannot be taken out of that ENV")
            continue
        fix = Fix("take the variable away", Safety.SAFE, (edit,), alters=(VARIABLE,))
        yield told._replace(fix=fix)
