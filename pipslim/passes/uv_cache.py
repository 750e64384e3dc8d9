"""Calls of uv that leave its cache in the layer."""

from __future__ import annotations

from pipslim.facts.caches import removed_behind
from pipslim.facts.installers import Call, cache_dir, find_calls, mount_over
from pipslim.facts.options import KEEP
from pipslim.facts.uv import FLAG, UV, UVX, image_may_need, no_cache_words, said, writes_cache
from pipslim.facts.uv_mounts import KEEP_IT_OUT, lacks_mount, off_refused
from pipslim.fixes.base import WHICH, About, Finding, Fix, Safety
from pipslim.fixes.layout import option_behind
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.caches import ByStage
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

_ID = "uv-cache"
_PASSING = ("/tmp/", "/var/tmp/")  # who names a cache there does not want to keep it

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
        "`--unsafe`. With `--cache mount` a RUN gets a cache mount instead, and the stage "
        "`UV_LINK_MODE=copy`, for files cannot be linked out of a mount; `--cache none` takes both "
        "away."
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
    left: ByStage = calls
    if facts.options.cache != KEEP:
        from pipslim.fixes.uv_mounted import settled

        found_here, left = settled(document, facts, calls)
        yield from found_here
    for stage in facts.stages.all:
        for call in left[stage.index]:
            finding = _judge(document, facts, stage, call, calls)
            if finding is not None:
                yield finding


def _judge(
    document: Document, facts: Facts, stage: StageFacts, call: Call, calls: ByStage
) -> Finding | None:
    told = said(facts, call)
    cache = cache_dir(facts, call, told.named)
    if told.off:
        return _defeated(facts, call, cache)
    if mount_over(facts, call, cache, KEEP_IT_OUT) is not None or removed_behind(call, cache):
        return None
    span = call.span()
    found = Finding(_ID, span, f"`{call.spelling}` leaves its cache in the layer")
    if not told.why_not and told.named and not told.named.startswith(_PASSING):
        return found._replace(why_not="a folder is named for its cache, so somebody wants one")
    refused = off_refused(facts, stage, call, told, calls)
    if refused is not None:
        return found._replace(why_not=refused.why, refers=refused.refers)
    edit = option_behind(document, span, FLAG, exec_form=call.program.exec_form)
    safety = Safety.SAFE
    if image_may_need(document, stage, call):
        more = ", with the environment of what it runs: the image may need that later"
        found = found._replace(message=found.message + more)
        safety = Safety.UNSAFE
    return found._replace(fix=Fix(f"add {FLAG}", safety, (edit,)))


def _defeated(facts: Facts, call: Call, cache: str | None) -> Finding | None:
    """Give the finding for a call that has a cache mount, and turns its cache off."""
    if not no_cache_words(call) or mount_over(facts, call, cache, ("cache",)) is None:
        return None
    return Finding(_ID, call.span(), lacks_mount(call, mounted=True), None, WHICH)
