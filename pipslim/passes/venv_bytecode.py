"""Virtual environments whose pip is compiled, which no setting stops."""

from __future__ import annotations

from pipslim.facts.installers import Tool, find_calls
from pipslim.fixes.base import About, Finding
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.programs import Program
    from pipslim.syntax.document import Document

_ID = "venv-bytecode"

ABOUT = About(
    id=_ID,
    summary="`python -m venv` and `ensurepip` compile a pip (shown, only by name)",
    why=(
        "Both take pip from a wheel that Python brings, with all settings switched off: neither "
        "PIP_COMPILE nor PYTHONDONTWRITEBYTECODE nor a pip.conf reaches them, so 714 modules are "
        "compiled, some 10 MB. It is shown, not changed: `--without-pip` is right where nothing "
        "needs pip in that environment, which a Dockerfile does not tell. It runs only where it "
        "is selected by name."
    ),
    price="pip, where it is run there, is compiled anew by each start.",
    before="FROM python:3.12-slim\nRUN python -m venv /venv\n",
    after="FROM python:3.12-slim\nRUN python -m venv /venv\n",
)

VENV = Tool(
    label="venv",
    names=frozenset(("pyvenv",)),
    modules=frozenset(("venv", "ensurepip")),
    signs=("venv", "ensurepip"),
    subcommands=frozenset(),
    with_value=frozenset(),
    folder="",
    variable="",
)
_BRING_NONE = frozenset(("--without-pip", "--help", "-h", "--version"))


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each call that compiles a pip, none with a fix."""
    del document
    if not facts.options.bytecode:
        return
    for stage in facts.stages.all:
        for call in find_calls(facts, stage, VENV).calls:
            options = {word.value for word in call.rest}
            if not _BRING_NONE.isdisjoint(options) or _removed(call):
                continue
            told = "no setting stops that; say --without-pip where nothing needs pip in there"
            if "ensurepip" in call.spelling:
                told = "no setting stops that; remove `__pycache__` in the same RUN"
            message = f"`{call.spelling}` compiles the pip that it brings"
            yield Finding(_ID, call.span(), message, None, told)


def _removed(call: Call) -> bool:
    """Tell whether the RUN of a call removes bytecode behind it."""
    return any(map(_removes, call.later))


def _removes(program: Program) -> bool:
    words = " ".join(word.value for word in program.words)
    return program.name in ("find", "rm", "xargs", "py3clean", "pyclean") and (
        "__pycache__" in words or ".py" in words or program.name.endswith("clean")
    )
