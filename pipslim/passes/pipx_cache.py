"""Stages that call pipx and keep the cache of its pip."""

from __future__ import annotations

from pipslim.facts.pip_based import PIPX, calls_of
from pipslim.fixes.base import About, Finding
from pipslim.fixes.variables import no_cache
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

_ID = "pipx-cache"

ABOUT = About(
    id=_ID,
    summary="pipx leaves the cache of its pip in the layer: set `PIP_NO_CACHE_DIR=1`",
    why=(
        "pipx runs a pip of its own in each environment that it makes, and pip keeps what it "
        "downloads, with that pip itself 2 to 3 MB at least. The variable turns that off wholly; "
        "`--pip-args` does not in older versions. The pair joins the stage's first ENV, before "
        "anything runs; stages inherit it. A stage is left alone where a mount holds the cache, "
        "where the variable or an /etc/pip.conf turns it off, and where the RUN that calls pipx "
        "removes it. Where a pip may be older than 19.0.2 the variable could crash it: that is "
        "told. What stays: the pip that pipx shares among its environments, its logs, and what "
        "`pipx run` installs."
    ),
    price=(
        "Images built FROM this one inherit it. A later build step that installs the same files "
        "downloads them again."
    ),
    before="FROM python:3.12-slim\nENV PIPX_BIN_DIR=/usr/local/bin\nRUN pipx install ruff\n",
    after=(
        "FROM python:3.12-slim\n"
        "ENV PIPX_BIN_DIR=/usr/local/bin \\\n    PIP_NO_CACHE_DIR=1\nRUN pipx install ruff\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each chain of stages in which a call of pipx leaves a cache."""
    calls = {stage.index: calls_of(facts, stage, [PIPX]) for stage in facts.stages.all}
    yield from no_cache(document, facts, _ID, calls, reads_conf=True)
