"""How a setting comes to say what is meant: as a word of a command, or in settings written."""

from __future__ import annotations

import re

from pipslim.facts.settings import NO_COMPILE, Unreadable, read_settings, truth
from pipslim.fixes.base import Finding, Fix, Safety
from pipslim.syntax.edits import Edit
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.brought import Brought
    from pipslim.facts.known import Facts
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document
    from pipslim.syntax.script import Word

_KEY = lazy(r"no[-_]compile([ \t]*[=:][ \t]*)(?:yes|true|on|y|t|1)\b", re.IGNORECASE)


class Wanted(NamedTuple):
    """What a word becomes, what the fix is called, and why it is not to be, or nothing."""

    new: str
    title: str
    why: str


def fixed(
    found: Finding, wanted: Wanted, alters: tuple[str, ...], drops: tuple[str, ...] = ()
) -> Finding:
    """Give a finding with the fix that puts a text in the place of its span, or with a reason."""
    if wanted.why:
        return found._replace(why_not=wanted.why)
    edits = (Edit(*found.span, wanted.new),)
    return found._replace(fix=Fix(wanted.title, Safety.SAFE, edits, (), drops, alters))


def reworded(
    found: Finding, start: int, body: Body, program: Program, word: Word, wanted: Wanted
) -> Finding:
    """Give a finding at a word of a program, which becomes another one.

    `start` is where the instruction begins in the file.
    """

    def at(offset: int) -> int:
        return start + body.view.at(program.view.at(offset))

    if program.exec_form and not wanted.why:
        wanted = wanted._replace(why="an exec form is left as it is")
    raw = " ".join(program.view.text[word.start : word.end].split())
    found = found._replace(span=Span(at(word.start), at(word.end - 1) + 1))
    return fixed(found, wanted, (), (raw,))


def compiling(
    document: Document, facts: Facts, stage: StageFacts, told: Finding, why: str
) -> Iterator[Finding]:
    """Give the findings for `no-compile` in settings that RUNs write or set, and heredocs bring.

    `told` is the finding, but for its place; `why` says why pip is to go on compiling, if it is.
    Settings may hold secrets: no more of them is told than that.
    """
    from pipslim.facts.brought import HEREDOC, SET, WRITTEN, brought

    for item in brought(facts, stage):
        keys = item.keys or read_settings(item.text)
        if isinstance(keys, Unreadable) or item.kind not in (HEREDOC, SET, WRITTEN):
            continue
        if not any(key == NO_COMPILE and truth(value) for (_, key), value in keys.items()):
            continue
        here = why
        if any(key == "compile" for _, key in keys):
            here = here or "`compile` is set too; take one of them out"
        start = document.instructions[item.number].start
        if item.call is not None:
            yield _set(start, item, told, here)
        else:
            keyword = len(document.instructions[item.number].keyword)
            yield _written(start, item, told._replace(span=Span(start, start + keyword)), here)


def _set(start: int, item: Brought, told: Finding, why: str) -> Finding:
    """Give the finding for `pip config set install.no-compile yes`."""
    call = item.call
    assert call is not None
    _, name, value = [word for word in call.options if not word.value.startswith("-")]
    if not name.value.endswith(NO_COMPILE):
        why = why or "several calls set more than that; write `compile no` there"
    title = "set compile no"
    found = [
        reworded(told, start, call.body, call.program, word, Wanted(new, title, why))
        for word, new in ((name, name.value.replace("no-", "")), (value, "no"))
    ]
    whole = told._replace(span=Span(found[0].span.start, found[1].span.end))
    fixes = [each.fix for each in found if each.fix is not None]
    if len(fixes) < len(found):
        return whole._replace(why_not=found[0].why_not)
    edits = tuple([edit for fix in fixes for edit in fix.edits])
    drops = tuple([drop for fix in fixes for drop in fix.drops])
    return whole._replace(fix=Fix(title, Safety.SAFE, edits, (), drops))


def _written(start: int, item: Brought, told: Finding, why: str) -> Finding:
    """Give the finding for a RUN that writes settings: for the word that has the key in it."""
    body = item.body
    title = "write compile = no"
    for program in body.reading.programs if body is not None else ():
        for word in program.words:
            raw = program.view.text[word.start : word.end]
            if len(_KEY.findall(raw)) == 1 and body is not None:
                wanted = Wanted(_KEY.sub(r"compile\1no", raw), title, why)
                return reworded(told, start, body, program, word, wanted)
    return told._replace(why_not=why or "it is data of a heredoc; write `compile = no` there")
