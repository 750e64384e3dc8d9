"""Stages that call pip without the settings which every call in them would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipslim.facts.images import Age
from pipslim.facts.places import top
from pipslim.passes.base import About, Finding, Fix, Safety
from pipslim.passes.layout import chained, joined, line_after
from pipslim.syntax.edits import Edit
from pipslim.syntax.shell import Opaque, Script, trail
from pipslim.syntax.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

PATH = "/etc/pip.conf"
_ID = "pip-conf"
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


class _Wish(NamedTuple):
    """What the settings are to say: `cache` is a value for no-cache-dir, or nothing."""

    cache: str
    compile_off: bool


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each chain of stages whose first pip calls lack the settings."""
    for stage in facts.stages.all:
        uses = [use for use in facts.pips(stage).uses if not use.onbuild]
        if not uses or facts.windows(stage):
            continue
        if any(facts.pips(above).uses for above in stage.chain()[:-1]):
            continue  # inherited
        finding = _judge(document, facts, stage, uses)
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
            if _is_ours(document, number):
                return None
            where = document.instructions[number].line
            return held(f"line {where} brings pip settings of its own; add the keys there")
    if not facts.posix(uses[0].instruction):
        return held("no POSIX shell runs here")
    said = "PIP_NO_CACHE_DIR" in document.text
    env = facts.stages.environment(uses[0].instruction).env if said else {}
    if env.get("PIP_NO_CACHE_DIR") and (
        env.get("PIP_COMPILE", "").lower() in ("0", "no", "off", "false")
        or not facts.options.bytecode
    ):
        return None  # the same, said by ENV
    behind = _last_old(facts, stage, uses)
    wish, dropped = _wish(document, facts, stage, behind)
    if not wish.cache and not wish.compile_off:
        return None
    title = f"write {PATH}"
    if behind is not None:
        edit = _behind(document, facts, behind, wish)
        if edit is None:
            return held("no place behind the upgrade of pip where root can write it")
        return Finding(_ID, span, message, Fix(title, Safety.SAFE, (edit, *dropped)))
    place = top(facts, stage)
    if place is None:
        if any(use.pip.age is not Age.NEW for use in facts.uses(stage)):
            return held("no root can write it, and by ENV it would crash a pip that may be old")
        pairs = (("PIP_NO_CACHE_DIR=1",) if wish.cache else ()) + (
            ("PIP_COMPILE=0",) if wish.compile_off else ()
        )
        edits, _ = joined(document, stage, pairs)
        names = tuple(pair.partition("=")[0] for pair in pairs)
        fix = Fix("set the same by ENV, for root writes nothing here", Safety.SAFE, edits, names)
        return Finding(_ID, span, message, fix)
    guards = []
    if facts.image(stage) is None:
        guards.append(f"test -e {PATH}")  # an unknown image may bring its own
    if place.root is None:
        guards.append("test ! -w /etc")
    line = "RUN " + " || ".join([*guards, _written(wish)])
    edit = line_after(document, place.number, line)
    return Finding(_ID, span, message, Fix(title, Safety.SAFE, (edit, *dropped)))


def _is_ours(document: Document, number: int) -> bool:
    """Tell whether an instruction writes settings that say what this pass would say."""
    text = document.instructions[number].view.text
    return PATH in text and ("no-cache-dir" in text or "compile = no" in text)


def _last_old(facts: Facts, stage: StageFacts, uses: list[Use]) -> Use | None:
    """Give the call that makes pip new for all calls behind it, where there is such a call.

    None where pip is new from the start, or never gets new, or is new for no further call.
    """
    old = [at for at, use in enumerate(uses) if _crashes(use)]
    if not old:
        return None
    last = uses[old[-1]]
    after = list(uses[old[-1] + 1 :])
    for child in stage.children:
        after.extend(facts.uses(child))
    upgraded = {use.identity for use in after if use.pip.origin == "upgrade"}
    if not after or any(_crashes(use) for use in after) or last.identity not in upgraded:
        return None
    return last


def _crashes(use: Use) -> bool:
    """Tell whether a pip may crash where a true value turns its cache off."""
    return use.pip.age is not Age.NEW and not use.pip.rejects_flag


def _wish(
    document: Document, facts: Facts, stage: StageFacts, behind: Use | None
) -> tuple[_Wish, tuple[Edit, ...]]:
    """Give what the settings are to say, and the edits that drop what they would break."""
    cache = "True"
    passed = behind is None
    for use in facts.uses(stage):
        if passed and _crashes(use):
            cache = "false"
        if behind is not None and use.call is behind.call:
            passed = True
    if any(facts.pips(member).bundled for member in stage.family()):
        cache = "false"
    dropped: list[Edit] = []
    for use in facts.uses(stage):
        if (
            facts.cache_mount(use)
            or (use.call.cache_dir and not _own(use))
            or (use.pip.low == use.pip.high and (19,) <= use.pip.low < (19, 0, 2))
        ):
            cache = ""
        elif use.call.subcommand == "cache" and cache:
            edit = _without(document, use)
            if edit is None:
                cache = ""
            else:
                dropped.append(edit)
    if not cache:
        dropped = []
    return _Wish(cache, facts.options.bytecode), tuple(dropped)


def _own(use: Use) -> bool:
    """Tell whether a call is the run-time guard of an old pip, which removes its own cache."""
    return use.call.cache_dir == "/tmp/.pip"


def _without(document: Document, use: Use) -> Edit | None:
    """Give the edit that drops `&& pip cache purge`, which fails once the cache is off.

    None where its chain would not be valid without it.
    """
    call = use.call
    command = call.program.command
    if command.nest or command.lead != "&&" or call.program.wrappers or call.body.exec_form:
        return None
    script = call.body.reading.script
    if isinstance(script, Opaque):
        return None
    if trail(call.body.view.text, script, command) not in ("", "&&", ";"):
        return None
    ahead = script.commands[call.program.outer - 1]
    if ahead.nest or ahead.start >= command.start:
        return None
    start = use.start + call.body.view.after(ahead.end)
    end = use.start + call.body.view.after(command.end)
    if any(start < comment.start < end for comment in document.comments):
        return None
    return Edit(start, end, "")


def _behind(document: Document, facts: Facts, use: Use, wish: _Wish) -> Edit | None:
    """Give the edit that writes the settings behind the call that makes pip new."""
    call = use.call
    number = use.instruction
    root = facts.root(number)
    if root is False or "sudo" in call.program.wrappers:
        return None
    written = _written(wish)
    if facts.image(facts.stages.all[0]) is None and root is None:
        written = f"{{ test ! -w /etc || {written}; }}"
    uses = facts.pips_of(number)
    if uses[-1].call is call or "case" in call.program.command.nest:
        if facts.root(number + 1) is False:
            return None
        stage = facts.stages.of(number)
        image = facts.image(stage) if stage is not None else None
        guards = [f"test -e {PATH}"] if image is None else []
        if root is None:
            guards.append("test ! -w /etc")
        return line_after(document, number, "RUN " + " || ".join([*guards, _written(wish)]))
    script = call.body.reading.script
    commands = script.commands if isinstance(script, Script) else ()
    command = call.program.command
    place = call.program.outer + 1
    if place < len(commands) and commands[place].name == "hash":
        command = commands[place]
    if call.program.view.text != call.body.view.text:
        return None
    return chained(document, use.start, call.body, command, written)


def _written(wish: _Wish) -> str:
    r"""Give the command that writes the settings; `\n` is printf's."""
    parts = []
    if wish.cache:
        note = _NOTE + r"\n" if wish.cache == "false" else ""
        parts.append(rf"{note}[global]\nno-cache-dir = {wish.cache}\n")
    if wish.compile_off:
        parts.append(r"[install]\ncompile = no\n")
    text = r"\n".join(parts)
    return f"printf '{text}' > {PATH}"
