"""Stages that call pip-sync or pip-compile and keep the cache of their pip."""

from __future__ import annotations

from pipslim.facts.caches import removed_behind
from pipslim.facts.installers import cache_dir, mount_over
from pipslim.facts.pip_based import PIP_COMPILE, PIP_SYNC, PIPTOOLS, calls_of
from pipslim.fixes.base import About, Finding
from pipslim.fixes.variables import no_cache
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

_ID = "pip-tools-cache"

ABOUT = About(
    id=_ID,
    summary="pip-sync and pip-compile leave pip's cache in the layer: set `PIP_NO_CACHE_DIR=1`",
    why=(
        "pip-sync is pip underneath, and pip-compile has pip download and build what it looks "
        "into. Neither takes --no-cache-dir, and `--pip-args` does not reach isolated builds; the "
        "variable does. The pair joins the stage's first ENV, before anything runs; stages inherit "
        "it. A stage is left alone where a mount holds the cache, where the variable or an "
        "/etc/pip.conf turns it off, and where the RUN that calls them removes it. Where a pip may "
        "be older than 19.0.2 the variable could crash it: that is told. So is the folder of "
        "pip-compile's own, a few kilobytes that nothing turns off."
    ),
    price=(
        "Images built FROM this one inherit it. A later build step that installs the same files "
        "downloads them again."
    ),
    before=(
        "FROM python:3.12-slim\n"
        "RUN pip install --no-cache-dir pip-tools\n"
        "RUN pip-sync requirements.txt\n"
    ),
    after=(
        "FROM python:3.12-slim\n"
        "ENV PIP_NO_CACHE_DIR=1\n"
        "RUN pip install --no-cache-dir pip-tools\n"
        "RUN pip-sync requirements.txt\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each chain of stages whose calls leave a cache, and for pip-compile's."""
    tools = [PIP_SYNC, PIP_COMPILE, PIPTOOLS]
    calls = {stage.index: calls_of(facts, stage, tools) for stage in facts.stages.all}
    yield from no_cache(document, facts, _ID, calls, reads_conf=True)
    for call in [each for of_stage in calls.values() for each in of_stage]:
        if call.tool is PIP_SYNC or call.subcommand == ("sync",):
            continue
        tool = call.tool._replace(folder="pip-tools", variable="PIP_TOOLS_CACHE_DIR")
        own = call._replace(tool=tool)
        named = _named([word.value for word in call.rest])
        cache = cache_dir(facts, own, named)
        if mount_over(facts, own, cache) is None and not removed_behind(own, cache):
            message = f"`{call.spelling}` leaves a cache of its own in the layer"
            why_not = f"nothing turns it off; `rm -rf {cache or '~/.cache/pip-tools'}` in the same"
            yield Finding(_ID, call.span(), message, None, f"{why_not} RUN removes it")


def _named(values: list[str]) -> str:
    """Give the folder that `--cache-dir` names, or nothing."""
    for at, value in enumerate(values):
        if value == "--cache-dir":
            return "".join(values[at + 1 : at + 2])
        if value.startswith("--cache-dir="):
            return value.partition("=")[2]
    return ""
