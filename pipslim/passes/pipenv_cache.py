"""Stages that call pipenv and keep the cache of its pip."""

from __future__ import annotations

from pipslim.facts.pip_based import PIPENV, calls_of
from pipslim.fixes.base import About, Finding
from pipslim.fixes.variables import no_cache
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

_ID = "pipenv-cache"

ABOUT = About(
    id=_ID,
    summary="pipenv leaves the cache of its pip in the layer: set `PIP_NO_CACHE_DIR=1`",
    why=(
        "pipenv runs pip with a cache of its own, ~/.cache/pipenv. The variable turns that off, "
        "isolated builds included, in old and new versions; new ones read no pip.conf, and "
        "pipenv's own options do not reach isolated builds. The pair joins the stage's first ENV, "
        "before anything runs; stages inherit it. A stage is left alone where a mount holds a "
        "cache, where the variable is set, and where the RUN that calls pipenv removes the folder. "
        "Where a pip may be older than 19.0.2, or the pipenv than 2020, the variable could crash "
        "it: that is told. What stays: `pipenv lock` keeps files in its folder whatever is set, "
        "and an environment that pipenv makes leaves virtualenv's folder, ~/.cache/virtualenv."
    ),
    price=(
        "Images built FROM this one inherit it. A later build step that installs the same files "
        "downloads them again."
    ),
    before=(
        "FROM python:3.12-slim\n"
        "RUN pip install --no-cache-dir pipenv\n"
        "COPY Pipfile Pipfile.lock ./\n"
        "RUN pipenv install --system --deploy\n"
    ),
    after=(
        "FROM python:3.12-slim\n"
        "ENV PIP_NO_CACHE_DIR=1\n"
        "RUN pip install --no-cache-dir pipenv\n"
        "COPY Pipfile Pipfile.lock ./\n"
        "RUN pipenv install --system --deploy\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each chain of stages in which a call of pipenv leaves a cache."""
    calls = {stage.index: calls_of(facts, stage, [PIPENV]) for stage in facts.stages.all}
    yield from no_cache(document, facts, _ID, calls, reads_conf=False)
