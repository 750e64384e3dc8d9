"""Stages in which running Python writes bytecode into the image."""

from __future__ import annotations

from pipslim.facts.images import Origin
from pipslim.facts.leftovers import BYTECODE
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.layout import joined
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, lazy, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

VARIABLE = "PYTHONDONTWRITEBYTECODE"
_ID = "bytecode"
_RUNS_PYTHON = lazy(r"python|pypy|\.py\b|pip|conda|mamba")

ABOUT = About(
    id=_ID,
    summary="running Python writes bytecode into the image: set `PYTHONDONTWRITEBYTECODE=1`",
    why=(
        "Each module that Python imports during the build leaves a .pyc beside it: one pip call in "
        "an official image leaves 10 MB of them. The variable stops that; pip's own compiling at "
        "install time is stopped by `compile = no` in /etc/pip.conf (pass pip-conf). Both go with "
        "`--ignore bytecode`. The pair joins the stage's first ENV, before anything runs; stages "
        "inherit it. An empty value means that somebody wants bytecode: it is left. "
        "What `python -m venv` compiles nothing stops: it runs isolated from all settings."
    ),
    price=(
        "Python compiles its modules anew at each start: CPU per process start measured "
        "0.11 s → 0.20 s with requests, 0.16 → 0.36 with flask, 0.44 → 1.29 with pandas, "
        "1.39 → 2.69 with torch. Where processes start often, `--ignore bytecode`."
    ),
    before="FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nRUN pip install flask\n",
    after=(
        "FROM python:3.12-slim\n"
        "ENV PYTHONUNBUFFERED=1 \\\n    PYTHONDONTWRITEBYTECODE=1\nRUN pip install flask\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each chain of stages that runs Python without the variable."""
    for stage in facts.stages.all:
        if stage.windows or not _runs_python(document, facts, stage):
            continue
        if stage.parent is not None and any(
            _runs_python(document, facts, above) for above in stage.chain()[:-1]
        ):
            continue  # inherited
        why_not = _decided(document, facts, stage) if facts.mentions(VARIABLE) else ""
        if why_not == _ON:
            continue
        need = facts.needed(stage, BYTECODE)
        if need is not None:
            why_not = need.told
        start = document.instructions[stage.stage.first]
        span = record(Span, (start.start, start.end))
        message = "running Python writes bytecode into the image"
        if why_not:
            refers = need.start if need is not None else -1
            yield Finding(_ID, span, message, None, why_not, refers)
            continue
        edits = joined(document, stage, (f"{VARIABLE}=1",))
        fix = Fix(f"set {VARIABLE}=1", Safety.SAFE, edits, (VARIABLE,))
        yield Finding(_ID, span, message, fix)


_ON = "on"


def _decided(document: Document, facts: Facts, stage: StageFacts) -> str:
    """Tell what the file says of the variable: that it is on, why it is to be left, or nothing."""
    if facts.stages.literal and _set_at_once(document, stage):
        return _ON
    final = facts.stages.environment(stage.stage.last)
    if VARIABLE in final.env and not final.env[VARIABLE]:
        return f"{VARIABLE} is empty, which turns it off on purpose"
    first = next(
        (
            number
            for number in range(stage.stage.first + 1, stage.stage.last)
            if document.instructions[number].keyword == "RUN"
            and "/etc/pip.conf" not in document.instructions[number].view.text
        ),
        stage.stage.last,
    )
    early = facts.stages.environment(first)
    if VARIABLE in early.env:
        return _ON
    if VARIABLE in early.names or (VARIABLE in final.names and VARIABLE not in final.env):
        return f"an ARG {VARIABLE} decides it"
    return ""


def _set_at_once(document: Document, stage: StageFacts) -> bool:
    """Tell whether an ENV ahead of a stage's first RUN sets the variable, which nothing else names.

    It is asked where values are not expanded, and spares working out the environment.
    """
    if document.text.count(VARIABLE) > 1:
        return False
    for number in range(stage.stage.first + 1, stage.stage.last):
        instruction = document.instructions[number]
        if instruction.keyword == "RUN":
            return False
        if instruction.keyword == "ENV" and VARIABLE in instruction.view.text:
            found = pairs(instruction, document.escape)
            if isinstance(found, Malformed):
                return False
            return any(pair.key == VARIABLE and pair.value for pair in found)
    return False


def _runs_python(document: Document, facts: Facts, stage: StageFacts) -> bool:
    """Tell whether a stage calls pip, or runs Python that its base image brings."""
    if facts.has_pip(stage):
        return True
    image = stage.image
    if image is None or image.origin is not Origin.IMAGE:
        return False
    for number in range(stage.stage.first + 1, stage.stage.last):
        instruction = document.instructions[number]
        if instruction.keyword in ("CMD", "ENTRYPOINT"):
            return True
        if instruction.keyword == "RUN" and _RUNS_PYTHON.search(instruction.view.text):
            return True
    return False
