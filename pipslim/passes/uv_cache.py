"""Calls of uv that leave its cache in the layer."""

from __future__ import annotations

from pipslim.facts.caches import brought, needed, removed_behind
from pipslim.facts.installers import Call, cache_dir, find_calls, mount_over
from pipslim.facts.options import MOUNT
from pipslim.facts.uv import UV, UVX, keeps_program, runs_program, said, writes_cache
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.layout import option_behind
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

FLAG = "--no-cache"
_ID = "uv-cache"
_PASSING = ("/tmp/", "/var/tmp/")  # who names a cache there does not want to keep it
_NAMED = lazy(r"(?<![\w./-])(?:[\w./-]*/)?uvx?(?![\w.-])")

ABOUT = About(
    id=_ID,
    summary="uv leaves its cache in the layer: add `--no-cache`",
    why=(
        "uv keeps what it downloads, the wheels that it builds and the environments that it makes "
        "for builds and tools in ~/.cache/uv, where no later build reads it. It reads neither "
        "pip.conf nor PIP_NO_CACHE_DIR, so what turns off pip's cache leaves uv's on. Installed "
        "files are hard links into the cache, which a layer stores once: what is saved is all "
        "else, and all of it where links are not possible, as under UV_LINK_MODE=copy. The option "
        "goes right behind the subcommand; every uv takes it, while old ones ignore UV_NO_CACHE. "
        "A call that only learns about an interpreter, and keeps some kilobytes, is left alone; so "
        "is one where a mount holds the cache, where UV_NO_CACHE or the call turns it off, and "
        "where the same RUN removes it behind the call. It is told, and left, where a cache folder "
        "other than below /tmp is named, where links into the cache are installed, and where uv "
        "works offline. The programs that uvx and `uv run --with` run lie in the cache themselves: "
        "a build may run one so that it is there later. In an image that can be started those take "
        "`--unsafe`."
    ),
    price=(
        "None for what is installed. A later build step that installs the same files downloads "
        "them again, and so does a `uv run` in the container that has to build or add something."
    ),
    before="FROM python:3.12-slim\nRUN pip install --no-cache-dir uv && uv pip install flask\n",
    after=(
        "FROM python:3.12-slim\n"
        "RUN pip install --no-cache-dir uv && uv pip install --no-cache flask\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each call that would leave a cache, and for each that can't be told."""
    calls: dict[int, tuple[Call, ...]] = {}
    for stage in facts.stages.all:
        found = find_calls(facts, stage, UV)
        others = find_calls(facts, stage, UVX)
        both = (*found.calls, *others.calls)
        calls[stage.index] = tuple([call for call in both if writes_cache(call)])
        for at, why_not in dict((*found.undecided, *others.undecided)).items():
            message = "a call of uv that cannot be followed may leave its cache in the layer"
            yield Finding(_ID, Span(at, at + 1), message, None, why_not)
    for stage in facts.stages.all:
        for call in calls[stage.index]:
            finding = _judge(document, facts, stage, call, calls)
            if finding is not None:
                yield finding


def _judge(
    document: Document,
    facts: Facts,
    stage: StageFacts,
    call: Call,
    calls: Mapping[int, tuple[Call, ...]],
) -> Finding | None:
    told = said(facts, call)
    if told.off:
        return None
    cache = cache_dir(facts, call, told.named)
    mounts = ("cache", "tmpfs", "bind")  # what a bind holds is there to be read
    if mount_over(facts, call, cache, mounts) is not None or removed_behind(call, cache):
        return None
    why_not, refers = told.why_not, -1
    if not why_not:
        start = _started_by_uv(document, stage) if keeps_program(call) else None
        if facts.options.cache == MOUNT:
            where = cache or "~/.cache/uv"
            why_not = f"mounts are wished for: --mount=type=cache,target={where} keeps it out too"
        elif told.named and not told.named.startswith(_PASSING):
            why_not = "a folder is named for its cache, so somebody wants one"
        elif call.read:
            why_not = "another command reads its output"
        elif call.rest and call.rest[0].start == call.anchor.start and runs_program(call):
            why_not = "the words behind the subcommand stand in a variable"
        elif start is not None:
            why_not = "line {line} starts the image by uv, and may need what this leaves"
            refers = start
        elif (need := needed(facts, stage, call.tool, calls)) is not None:
            why_not = f"line {{line}} needs the cache: `{need.name}` fails where there is none"
            refers = need.start
        elif (source := brought(facts, call, cache)) is not None:
            why_not, refers = "line {line} brings a cache for it", source
    span = call.span()
    message = f"`{call.spelling}` leaves its cache in the layer"
    if why_not:
        return Finding(_ID, span, message, None, why_not, refers)
    edit = option_behind(document, span, FLAG, exec_form=call.program.exec_form)
    safety = Safety.SAFE
    if keeps_program(call) and _may_start(document, stage):
        message += ", with the environment of what it runs: the image may need that later"
        safety = Safety.UNSAFE
    return Finding(_ID, span, message, Fix(f"add {FLAG}", safety, (edit,)))


def _may_start(document: Document, stage: StageFacts) -> bool:
    """Tell whether an image of a stage may be started: the last one's, or one that says by what."""
    for member in stage.family():
        if member.index == len(document.stages) - 1:
            return True
        for number in range(member.stage.first + 1, member.stage.last):
            if document.instructions[number].keyword in ("CMD", "ENTRYPOINT"):
                return True
    return False


def _started_by_uv(document: Document, stage: StageFacts) -> int | None:
    """Give where an instruction begins that has images of a stage run uv; None without one."""
    for member in stage.family():
        for number in range(member.stage.first + 1, member.stage.last):
            instruction = document.instructions[number]
            if instruction.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
                if _NAMED.search(instruction.view.text):
                    return instruction.start
    return None
