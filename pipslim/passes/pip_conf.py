"""Stages that call pip without the settings which every call in them would take."""

from __future__ import annotations

from pipslim.facts.conf import Settings, said_by_env, settings, upgrade
from pipslim.facts.places import top
from pipslim.passes.base import About, Finding, Fix, Safety
from pipslim.passes.layout import joined, line_after, linked
from pipslim.syntax.edits import Edit
from pipslim.syntax.script import HOLE, Opaque, Script
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

PATH = "/etc/pip.conf"
_ID = "pip-conf"
_TITLE = f"write {PATH}"
_NOTE = "# false turns the cache off; True would crash a pip older than 19.0.2"

ABOUT = About(
    id=_ID,
    summary="no /etc/pip.conf turns off pip's cache and pip's compiling: write one",
    why=(
        "`no-cache-dir` in /etc/pip.conf reaches what the flag on the command line does not: the "
        "isolated build environments of projects with a pyproject.toml, and pip calls inside "
        "scripts. `compile = no` keeps pip from writing .pyc files. It is written once per chain "
        "of stages, as root, before the first pip call and behind an upgrade of an old pip. Where "
        "an old pip must live with it, the value is `false`, which every pip but 19.0 takes for "
        "off. Where a cache mount is used the cache stays on. Where root cannot write it, the "
        "same goes into ENV."
    ),
    price="Images built FROM this one inherit it. `--ignore pip-conf` leaves all else working.",
    before="FROM python:3.12-slim\nENV LANG=C.UTF-8\nRUN pip install flask\n",
    after=(
        "FROM python:3.12-slim\n"
        "ENV LANG=C.UTF-8\n"
        r"RUN printf '[global]\nno-cache-dir = True\n\n[install]\ncompile = no\n' > /etc/pip.conf"
        "\nRUN pip install flask\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each chain of stages whose first pip calls lack the settings."""
    for stage in facts.stages.all:
        if stage.windows or not facts.has_pip(stage):
            continue
        if any(facts.has_pip(above) for above in stage.chain()[:-1]):
            continue  # inherited
        if all(use.pip.rejects_flag for use in facts.uses(stage)):
            continue  # pips that know no such settings
        finding = _judge(document, facts, stage, list(facts.pips(stage).uses))
        if finding is not None:
            yield finding


def _judge(document: Document, facts: Facts, stage: StageFacts, uses: list[Use]) -> Finding | None:
    start = document.instructions[stage.stage.first]
    span = Span(start.start, start.end)
    message = f"no {PATH} turns off pip's cache and pip's compiling for this stage"

    def held(why_not: str) -> Finding:
        return Finding(_ID, span, message, None, why_not)

    for member in stage.family():
        number = facts.brings_conf(member)
        if number is not None:
            brings = document.instructions[number]
            text = document.text[brings.start : brings.end]
            if PATH in text and ("no-cache-dir" in text or "compile = no" in text):
                return None  # it says what this pass would say
            at = document.line(brings.start)
            return held(f"line {at} brings pip settings of its own; add the keys there")
    if said_by_env(facts, uses[0]):
        return None
    behind = upgrade(facts, stage)
    wish = settings(facts, stage, behind)
    dropped: tuple[Edit, ...] = ()
    drops: tuple[str, ...] = ()
    if wish.cache:
        purges = [use for use in facts.uses(stage) if use.call.subcommand == "cache"]
        edits = [_without(document, use) for use in purges] if len(purges) < 2 else [None]
        dropped = tuple(edit for edit in edits if edit is not None)
        drops = tuple(use.call.written for use in purges)
        if len(dropped) < len(edits):
            wish, dropped = wish._replace(cache=""), ()
    if not wish.cache and not wish.compile_off:
        return None
    if behind is not None:
        edit = _behind(document, facts, stage, behind, wish)
        if edit is None:
            return held("no place behind the upgrade of pip where root can write it")
        return Finding(_ID, span, message, Fix(_TITLE, Safety.SAFE, (edit, *dropped), (), drops))
    place = top(facts, stage)
    if place is None:
        return _by_env(document, facts, stage, wish, Finding(_ID, span, message))
    line = _written(wish, facts, stage, root=place.root)
    edit = line_after(document, place.number, "RUN", line)
    return Finding(_ID, span, message, Fix(_TITLE, Safety.SAFE, (edit, *dropped), (), drops))


def _without(document: Document, use: Use) -> Edit | None:
    """Give the edit that drops `pip cache purge`; None where it is no plain link of a chain."""
    body, command = use.call.body, use.call.program.command
    script, text = body.reading.script, body.view.text
    if isinstance(script, Opaque) or command.nest or use.call.program.wrappers:
        return None
    if "\\" in use.call.written or any(HOLE in word.value for word in command.words):
        return None
    tokens = script.tokens
    first = next(at for at, token in enumerate(tokens) if token.start >= command.start)
    behind = next((token for token in tokens if token.start >= command.end), None)
    if behind is not None and text[behind.start : behind.end] != "&&":
        return None
    place = use.call.program.outer + 1
    if command.lead == "&&" and first > 1:
        start = use.start + body.view.after(tokens[first - 2].end)
        end = use.start + body.view.after(command.end)
    elif first == 0 and behind is not None and script.commands[place].lead == "&&":
        start = use.start + body.view.at(command.start)
        end = use.start + body.view.at(script.commands[place].start)
    else:
        return None
    if any(start < comment.start < end for comment in document.comments):
        return None
    return Edit(start, end, "")


def _behind(
    document: Document, facts: Facts, stage: StageFacts, use: Use, wish: Settings
) -> Edit | None:
    """Give the edit that writes the settings behind the call that makes pip new."""
    number = use.instruction
    last = facts.pips_of(number)[-1]
    if last.call is use.call:
        root = facts.root(number + 1)
        if root is False or not facts.posix(number + 1):
            return None
        line = _written(wish, facts, stage, root=root)
        return line_after(document, number, "RUN", line)
    root = facts.root(number)
    script = use.call.body.reading.script
    if root is False or not isinstance(script, Script):
        return None
    for command in script.commands:
        if command.start > use.call.program.command.end and not command.nest:
            if command.name == "hash":
                continue
            written = _written(wish, facts, stage, root=root)
            if "||" in written:
                written = f"{{ {written}; }}"
            return linked(document, use.start, use.call.body, command, (written,))
    return None


def _by_env(
    document: Document, facts: Facts, stage: StageFacts, wish: Settings, finding: Finding
) -> Finding | None:
    """Give the finding for a stage where root writes nothing: the same settings as variables."""
    if any(use.crashes for use in facts.uses(stage)):
        return finding._replace(
            why_not="no root can write it, and by ENV it would crash a pip that may be old"
        )
    if any("sudo" in use.call.program.wrappers for use in facts.uses(stage)):
        return finding._replace(why_not="no root can write it, and sudo takes no ENV along")
    wanted = (("PIP_NO_CACHE_DIR", "1", wish.cache), ("PIP_COMPILE", "0", wish.compile_off))
    pairs = tuple(
        f"{name}={value}" for name, value, on in wanted if on and not facts.mentions(name)
    )
    if not pairs:
        return None
    names = tuple(pair.partition("=")[0] for pair in pairs)
    edits = joined(document, stage, pairs)
    title = "set the same by ENV, for no root can write it here"
    return finding._replace(fix=Fix(title, Safety.SAFE, edits, names))


def _written(wish: Settings, facts: Facts, stage: StageFacts, *, root: bool | None) -> str:
    r"""Give the command that writes the settings; `\n` is printf's.

    It leaves alone what an unknown image may bring, and a folder that only root could write.
    """
    parts = []
    if wish.cache:
        note = _NOTE + r"\n" if wish.cache == "false" else ""
        parts.append(rf"{note}[global]\nno-cache-dir = {wish.cache}\n")
    if wish.compile_off:
        parts.append(r"[install]\ncompile = no\n")
    guards = [f"test -e {PATH}"] if stage.image is None else []
    if root is None:
        guards.append("test ! -w /etc")
    text = r"\n".join(parts)
    return " || ".join([*guards, f"printf '{text}' > {PATH}"])
