"""`pip install`, `wheel` and `download` that leave pip's cache in the layer."""

from __future__ import annotations

from pipslim.facts.flag import FLAG, flag_refused
from pipslim.facts.options import KEEP
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.words import UNSURE, added
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

_ID = "pip-cache"

ABOUT = About(
    id=_ID,
    summary="pip leaves its download cache in the layer: add `--no-cache-dir`",
    why=(
        "Without the flag, pip keeps a copy of every file it downloads and every wheel it builds "
        "in the layer, where nothing will ever read it. The flag goes right behind the subcommand, "
        "on its line. A call is left alone where a cache mount or tmpfs holds the cache (the flag "
        "would defeat it), where a variable has turned the cache off, where it asks for a cache "
        "with --cache-dir, or where its pip is older than 6.0, which has no cache and rejects the "
        "flag."
    ),
    price="None at run time. A later build step that installs the same files downloads them again.",
    before='FROM python:3.12-slim\nRUN pip install flask && python -m pip wheel -w /w "x>=1"\n',
    after=(
        "FROM python:3.12-slim\n"
        "RUN pip install --no-cache-dir flask && "
        'python -m pip wheel --no-cache-dir -w /w "x>=1"\n'
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each call that would leave a cache, and for each that can't be told."""
    for stage in facts.stages.all:
        pips = facts.pips(stage)
        uses = pips.uses
        if facts.options.cache != KEEP:
            from pipslim.fixes.mounted import settled

            found, uses = settled(document, facts, uses)
            yield from found
        for use in uses:
            if use.call.subcommand in CACHE_WRITERS and not use.call.turns_cache_off:
                finding = _judge(document, facts, stage, use)
                if finding is not None:
                    yield finding
        for at, why_not in pips.undecided:
            if not why_not:
                continue
            message = "a pip call that cannot be followed may leave its cache in the layer"
            yield Finding(_ID, Span(at, at + 1), message, None, why_not)


def _judge(document: Document, facts: Facts, stage: StageFacts, use: Use) -> Finding | None:
    call = use.call
    if facts.cache_mount(use):
        return None
    if call.cache_dir is not None:
        if _removed(facts, use, call.cache_dir):
            return None
        why_not, refers = "it asks for a cache with --cache-dir", -1
    elif facts.cache_off(use):
        return None
    else:
        why_not, refers = flag_refused(facts, stage, use)
    span = use.span()
    message = f"`{call.spelling} {call.subcommand}` leaves its cache in the layer"
    if why_not:
        return Finding(_ID, span, message, None, why_not, refers)
    edits = added(document, use)
    if not edits:
        return Finding(_ID, span, message, None, UNSURE)
    fix = Fix(f"add {FLAG}", Safety.SAFE, edits)
    return record(Finding, (_ID, span, message, fix, "", -1, None))


def _removed(facts: Facts, use: Use, folder: str) -> bool:
    """Tell whether the same RUN removes the cache that the call asks for."""
    return bool(folder) and f"rm -rf {folder}" in facts.text(use.instruction)
