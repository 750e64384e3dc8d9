"""A pip from before 19.0.2, which crashes under the setting that turns its cache off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.facts.images import Age
from pipslim.facts.places import top
from pipslim.passes.base import About, Finding, Fix, Safety
from pipslim.passes.layout import chained, line_after
from pipslim.syntax.shell import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Pip, Use
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document
    from pipslim.syntax.edits import Edit

_ID = "old-pip"

ABOUT = About(
    id=_ID,
    summary="pip older than 19.0.2 crashes where pip.conf turns its cache off: upgrade it first",
    why=(
        "pip 6.0 to 19.0 crashes under `no-cache-dir = True`, and 19.0.1 does on projects with a "
        "pyproject.toml (pypa/pip#5884, #6197), so such a pip is upgraded before /etc/pip.conf "
        "exists. The target `pip>=19.0.2,<20.3` is the last one with the old resolver, and one "
        "that distributions' wrapper scripts can start. A pip known to be new gets nothing; where "
        "the base image is not known, a `case` on `pip --version` costs nothing if pip is new. "
        "A pip that the file pins, or that a virtual environment bundles, is left: pip.conf then "
        "uses a value that old pips take. Settings can tell what cannot be known: "
        "`--assume-pip 24.0`."
    ),
    price="One download of pip at build time, where pip is old.",
    before="FROM python:3.6.5\nRUN pip install flask\n",
    after=(
        "FROM python:3.6.5\n"
        "RUN pip install --no-cache-dir --no-compile --upgrade 'pip>=19.0.2,<20.3'\n"
        "RUN pip install flask\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each pip of each stage that is, or may be, too old at its first use."""
    for stage in facts.stages.all:
        if facts.windows(stage):
            continue
        judged: set[str] = set()
        for use in facts.pips(stage).uses:
            if use.identity in judged or use.pip.age is Age.NEW or use.onbuild:
                continue
            judged.add(use.identity)
            finding = _judge(document, facts, stage, use)
            if finding is not None:
                yield finding


def _judge(document: Document, facts: Facts, stage: StageFacts, use: Use) -> Finding | None:
    call, pip = use.call, use.pip
    span = use.span()
    if _upgrades(facts, stage, use):
        return None
    message = f"`{call.spelling}` {_told(pip)}"
    why_not = _left(facts, stage, pip)
    if why_not:
        return Finding(_ID, span, message, None, why_not)
    if call.read or "/" in use.identity:
        why_not = "which pip this is, and where it could be upgraded, is not known"
        return Finding(_ID, span, message, None, why_not)
    found = _place(document, facts, stage, use)
    if isinstance(found, str):
        return Finding(_ID, span, message, None, found)
    edit, known = found
    title = "upgrade pip first" if known else "upgrade pip first if it is old"
    return Finding(_ID, span, message, Fix(title, Safety.SAFE, (edit,)))


def _told(pip: Pip) -> str:
    if pip.age is Age.OLD:
        return f"is pip {'.'.join(map(str, pip.high))} or older"
    return "may be a pip older than 19.0.2: its base image is not known"


def _upgrades(facts: Facts, stage: StageFacts, use: Use) -> bool:
    """Tell whether the file itself upgrades this pip with the very first call."""
    for later in facts.pips(stage).uses:
        if later.identity == use.identity and later.call is not use.call:
            return later.pip.origin == "upgrade" and later.pip.age is Age.NEW
    final = facts.pips(stage).state.get(use.identity)
    return final is not None and final.origin == "upgrade" and final.age is Age.NEW


def _left(facts: Facts, stage: StageFacts, pip: Pip) -> str:
    """Give the reason why an old pip is to stay, or nothing."""
    if pip.origin == "pin":
        return "the file asks for this pip"
    if pip.origin == "venv":
        return "a virtual environment bundles it; upgrade it there"
    if pip.rejects_flag:
        return "a pip older than 6.0 has no cache, and knows no such settings"
    if pip.python[:2] in ((2, 6), (3, 2), (3, 3)):
        version = ".".join(map(str, pip.python[:2]))
        return f"no pip from 19.0.2 on runs on Python {version}"
    for other in stage.chain()[0].family():
        for use in facts.pips(other).uses:
            if use.pip.origin == "pin" and use.pip.age is not Age.NEW:
                return "the file asks for an old pip elsewhere, so that pip.conf must suit that"
    return ""


def _place(
    document: Document, facts: Facts, stage: StageFacts, use: Use
) -> tuple[Edit, bool] | str:
    """Give the edit that upgrades a pip, and whether it is known to be old; or why there is none."""
    pip, call = use.pip, use.call
    known = pip.age is Age.OLD and not (pip.low < (19, 0, 2) and pip.high >= (19,))
    spelling = call.spelling
    bringer = pip.bringer
    if bringer is None and pip.origin == "base":
        place = top(facts, stage, index=True)
        if place is None:
            return "the stage does not run as root before its first pip call"
        line = "RUN " + _command(spelling, pip, known, tolerant=place.root is None)
        return line_after(document, place.number, line), known
    root = facts.root(use.instruction)
    if root is False or "sudo" in call.program.wrappers:
        return "pip is not called as root"
    tolerant = root is None
    if bringer is not None and bringer.instruction < use.instruction:
        if facts.root(bringer.instruction + 1) is False:
            return "pip is not called as root"
        line = "RUN " + _command(spelling, pip, known, tolerant)
        return line_after(document, bringer.instruction, line), known
    command = _command(spelling, pip, known, tolerant)
    if bringer is not None and bringer.program is not None and bringer.body is call.body:
        if not bringer.program.wrappers:
            added = command + (" && hash -r" if known else "")
            edit = chained(document, use.start, call.body, bringer.program.command, added)
            if edit is not None:
                return edit, known
        return "the command that brings pip stands where no other can follow"
    # nothing shows where this pip is from: right before its first call
    if call.program.outer == 0 and not call.body.exec_form:
        line = "RUN " + _command(spelling, pip, known, tolerant)
        return line_after(document, use.instruction - 1, line), known
    script = call.body.reading.script
    if isinstance(script, Script):
        ahead = script.commands[call.program.outer - 1]
        edit = chained(document, use.start, call.body, ahead, command)
        if edit is not None and not call.program.command.nest:
            return edit, known
    return "its first call stands where no other command can go before it"


def _command(spelling: str, pip: Pip, known: bool, tolerant: bool) -> str:
    """Give the command that upgrades a pip; with `tolerant`, only where /etc can be written."""
    target = "'pip>=19.0.2,<19.2'" if pip.python[:2] == (3, 4) else "'pip>=19.0.2,<20.3'"
    if known:
        return f"{spelling} install --no-cache-dir --no-compile --upgrade {target}"
    patterns = "'pip '[0-9].*|'pip '1[0-8].*|'pip 19.0 '*|'pip 19.0.1 '*"
    upgrade = (
        f"{spelling} install --cache-dir=/tmp/.pip --no-compile -U {target} && rm -rf /tmp/.pip"
    )
    guard = f'case "$({spelling} --version)" in {patterns}) {upgrade};; esac'
    return f"test ! -w /etc || {guard}" if tolerant else guard
