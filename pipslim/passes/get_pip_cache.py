"""Calls of get-pip.py that leave pip's cache in the layer."""

from __future__ import annotations

from pipslim.facts.caches import removed_behind
from pipslim.facts.conf import VARIABLE
from pipslim.facts.flag import FLAG, OUTPUT_READ
from pipslim.facts.get_pip import find_get_pips, unknown_source
from pipslim.facts.installers import cache_dir, mount_over, variables
from pipslim.facts.leftovers import CACHE
from pipslim.facts.options import MOUNT
from pipslim.facts.pipcalls import cache_of
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.layout import option_behind
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

_ID = "get-pip-cache"

ABOUT = About(
    id=_ID,
    summary="get-pip.py leaves pip's cache in the layer: add `--no-cache-dir`",
    why=(
        "get-pip.py is a pip that installs pip: it takes the options of `pip install` behind its "
        "own name, and keeps the 3 MB that it downloads in pip's cache, where nothing will read "
        "them. Where it comes by a pipe, options need a name to stand behind: a dash. A call is "
        "left alone where a mount holds the cache, where PIP_NO_CACHE_DIR turns it off, and where "
        "the same RUN removes it behind the call. It is told, and left, where the file is not one "
        "of pypa's own: a copy may be older than pip 6.0, which rejects the option."
    ),
    price="None.",
    before=(
        "FROM debian:12\n"
        "RUN curl -sSO https://bootstrap.pypa.io/get-pip.py && python3 get-pip.py\n"
        "RUN curl -sS https://bootstrap.pypa.io/get-pip.py | python3\n"
    ),
    after=(
        "FROM debian:12\n"
        "RUN curl -sSO https://bootstrap.pypa.io/get-pip.py && python3 get-pip.py "
        "--no-cache-dir\n"
        "RUN curl -sS https://bootstrap.pypa.io/get-pip.py | python3 - --no-cache-dir\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each call that would leave a cache."""
    for stage in facts.stages.all:
        for call in find_get_pips(facts, stage):
            finding = _judge(document, facts, stage, call)
            if finding is not None:
                yield finding


def _judge(document: Document, facts: Facts, stage: StageFacts, call: Call) -> Finding | None:
    asked = cache_of(call.rest)
    if asked == "":
        return None
    isolated = any(word.value == "--isolated" for word in call.rest)
    if variables(facts, call).get(VARIABLE) and not isolated:
        return None
    cache = cache_dir(facts, call, asked)
    if mount_over(facts, call, cache) is not None or removed_behind(call, cache):
        return None
    if facts.options.cache == MOUNT and _will_be_mounted(facts, call, cache):
        return None
    why_not, refers = "", -1
    if asked is not None:
        why_not = "it asks for a cache with --cache-dir"
    elif call.read:
        why_not = OUTPUT_READ
    elif (need := facts.needed(stage, CACHE)) is not None:
        why_not, refers = need.told, need.start
    else:
        why_not = unknown_source(facts, call)
    span = call.span()
    message = f"`{call.spelling}` leaves pip's cache in the layer"
    if why_not:
        return Finding(_ID, span, message, None, why_not, refers)
    piped = call.anchor is call.program.words[0]
    option = f"- {FLAG}" if piped else FLAG
    edit = option_behind(document, span, option, exec_form=call.program.exec_form)
    return Finding(_ID, span, message, Fix(f"add {FLAG}", Safety.SAFE, (edit,)))


def _will_be_mounted(facts: Facts, call: Call, cache: str | None) -> bool:
    """Tell whether a pip beside a call, with the same cache, gets a mount for it."""
    from pipslim.facts.mounts import will_be_mounted

    return any(
        facts.cache_dir(use) == cache and will_be_mounted(facts, use)
        for use in facts.pips_of(call.instruction)
    )
