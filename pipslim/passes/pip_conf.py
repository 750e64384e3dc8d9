"""Stages that call pip without the settings which every call in them would take."""

from __future__ import annotations

from pipslim.facts import conf
from pipslim.facts.options import KEEP
from pipslim.facts.places import top
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.layout import line_after, linked
from pipslim.fixes.wishes import wished
from pipslim.syntax.script import Script
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.conf import Settings
    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts
    from pipslim.fixes.complete import Completion
    from pipslim.syntax.document import Document
    from pipslim.syntax.edits import Edit

_ID = "pip-conf"
_TITLE = f"write {conf.PATH}"
_MESSAGE = f"no {conf.PATH} turns off pip's cache and pip's compiling for this stage"

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
        "same goes into ENV. Settings that the build brings itself get the keys that they lack: "
        "in the file of the build context, in the heredoc, or by one more command behind the one "
        "that writes them. What their owner decided otherwise stays, and is told."
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
    completions: list[Completion] = []
    for stage in facts.stages.all:
        above = stage.chain()[:-1]  # whose settings are inherited
        if stage.windows or not facts.has_pip(stage) or any(map(facts.has_pip, above)):
            continue
        if all(use.pip.rejects_flag for use in facts.uses(stage)):
            continue  # pips that know no such settings
        judged = _judge(document, facts, stage)
        if isinstance(judged, Finding):
            yield judged
        elif judged is not None:
            completions.append(judged)
    if completions:
        from pipslim.fixes.complete import agreed

        yield from agreed(completions)


def find_behind(document: Document, facts: Facts, upgrades: Sequence[Finding]) -> Iterator[Finding]:
    """Give the findings of `find` that hold once `upgrades` are made, for fixes beside those.

    That is for a stage of its own, all of whose old calls reach one pip, and where the upgrade of
    that is a line ahead of them: the line that writes the settings goes right behind it.
    """
    if facts.options.cache != KEEP:  # then it hangs on mounts that come and go in this round
        return
    lines = {each.span: each.fix.edits for each in upgrades if each.fix is not None}
    for stage in facts.stages.all:
        old = conf.mended_at_once(facts, stage)
        edits = lines.get(old[0].span(), ()) if old else ()
        if len(edits) != 1 or not edits[0].text.endswith("\n"):
            continue
        start, number = edits[0].start, old[0].instruction
        while document.instructions[number].start >= start:
            number -= 1
        found = _judge(document, facts, stage, (old[-1], number))
        if isinstance(found, Finding) and found.fix and found.fix.edits[0].start == start:
            yield found


def _judge(
    document: Document, facts: Facts, stage: StageFacts, planned: tuple[Use, int] | None = None
) -> Finding | Completion | None:
    """Give the finding for a stage, or what becomes of the settings that it brings, if any.

    `planned` is for an upgrade to come: the last call that finds pip old now, and the instruction
    behind which that will not be so.
    """
    span = record(Span, document.instructions[stage.stage.first][1:3])
    found = Finding(_ID, span, _MESSAGE)
    brought: Completion | None = None
    chain = [*stage.chain()[:-1], *stage.family()]
    written = conf.is_written(facts, chain)
    if written and facts.options.cache != KEEP:
        from pipslim.fixes.again import rewritten

        again = rewritten(document, facts, stage, found)
        if again is not None:
            return again
    if conf.may_bring(facts, chain):
        from pipslim.fixes.complete import completion

        brought = completion(document, facts, stage, found)
    elif written:
        return None
    if brought is None or brought.dropped:
        return _new(document, facts, stage, found, planned, no_files=brought is not None)
    return brought


def _new(
    document: Document,
    facts: Facts,
    stage: StageFacts,
    found: Finding,
    planned: tuple[Use, int] | None,
    *,
    no_files: bool,
) -> Finding | None:
    """Give the finding for a stage that brings no settings, or whose pips read `no_files`."""
    if conf.said_by_env(facts, facts.pips(stage).uses[0]):
        return None
    behind = conf.upgrade(facts, stage) if planned is None else planned[0]
    wish, edits, drops = all_wished = wished(document, facts, stage, behind)
    if not wish.cache and not wish.compile_off:
        return None
    if behind is not None and not no_files:
        edit = _behind(document, facts, stage, behind, wish)
        if planned is not None:
            edit = _line(document, facts, stage, planned[1], wish)
        if edit is None:
            told = "no place behind the upgrade of pip where root can write it"
            return found._replace(why_not=told)
    else:
        place = top(facts, stage) if not no_files else None
        if place is None:
            from pipslim.fixes.variables import by_env

            why = "pip reads no file" if no_files else "no root can write it"
            return by_env(document, facts, stage, all_wished, found, why)
        edit = line_after(document, place.number, "RUN", conf.command(wish, stage, root=place.root))
    if any(each.start <= edit.start <= each.end for each in edits):
        told = "a purge of the cache, which would fail then, stands in its place; take that out"
        return found._replace(why_not=told)
    return found._replace(fix=Fix(_TITLE, Safety.SAFE, (edit, *edits), drops=drops))


def _behind(
    document: Document, facts: Facts, stage: StageFacts, use: Use, wish: Settings
) -> Edit | None:
    """Give the edit that writes the settings behind the call that makes pip new."""
    number = use.instruction
    if facts.pips_of(number)[-1].call is use.call:
        return _line(document, facts, stage, number, wish)
    root = facts.root(number)
    script = use.call.body.reading.script
    if root is False or not isinstance(script, Script):
        return None
    upgrades = script.commands[use.call.program.outer]
    for following in script.commands:
        if following.start > upgrades.end and not following.nest:
            if following.name == "hash":
                continue
            written = conf.command(wish, stage, root=root)
            if "||" in written:
                written = f"{{ {written}; }}"
            return linked(document, use.start, use.call.body, following, (written,))
    return None


def _line(
    document: Document, facts: Facts, stage: StageFacts, number: int, wish: Settings
) -> Edit | None:
    """Give the edit that writes the settings in a line of its own behind an instruction."""
    root = facts.root(number + 1)
    if root is False or not facts.posix(number + 1):
        return None
    return line_after(document, number, "RUN", conf.command(wish, stage, root=root))
