"""Commands that write pip's settings: one more of the kind, for the keys that they lack."""

from __future__ import annotations

from pipslim.facts.conf import PATH
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.facts.settings import (
    CACHE,
    COMPILE,
    Unreadable,
    read_settings,
    sections,
    truth,
)
from pipslim.fixes.base import Finding, Fix, Safety
from pipslim.fixes.layout import line_after, linked
from pipslim.syntax.script import HOLE, Script
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.brought import Brought
    from pipslim.facts.known import Facts
    from pipslim.facts.lacks import Wanted
    from pipslim.syntax.document import Document


_OURS = {("global", CACHE), ("install", COMPILE)}
_LACKS = "the pip settings that this writes leave pip's cache or its compiling on"
_OWN = "line {line} brings pip settings of its own; add the keys there"
_NOT_THERE = "it is not in the build context"


def held(document: Document, told: Finding, item: Brought, reason: str = "") -> Finding:
    """Give the finding `told`, held back for what an instruction brings; `reason` says why.

    Without a reason it is that the settings cannot be read, or not be added to.
    """
    if not reason:
        reason = _OWN
        if item.why == _NOT_THERE:
            reason = (
                "line {line} copies pip settings that are not in the build context; "
                "name that by --context, or add the keys there"
            )
        elif item.why:
            why = f"that cannot be read: {item.why}"
            reason = f"line {{line}} brings pip settings {why}; add the keys there"
    return told._replace(why_not=reason, refers=document.instructions[item.start].start)


def here(document: Document, item: Brought, told: Finding, message: str) -> Finding:
    """Give a finding at the keyword of an instruction: what is behind it may hold a secret."""
    instruction = document.instructions[item.number]
    span = Span(instruction.start, instruction.start + len(instruction.keyword))
    return told._replace(span=span, message=message)


def is_ours(document: Document, item: Brought) -> bool:
    """Tell whether a RUN writes what the pass writes, all of it or a part that was wished for."""
    keys = read_settings(item.text)
    text = document.instructions[item.number].view.text
    if isinstance(keys, Unreadable) or not keys or not keys.keys() <= _OURS or item.appends:
        return False
    return "printf '" in text and truth(keys.get(("install", COMPILE), "no")) is False


def written(
    document: Document, facts: Facts, item: Brought, wanted: Sequence[Wanted], told: Finding
) -> Finding:
    """Give the finding for a RUN that writes settings: a command more, which adds to them."""
    text = item.text.replace(HOLE, "x")
    there = sections(text)
    last = there[-1] if there else ""
    more = "" if text.endswith("\n") or not text else "\n"
    for each in sorted(wanted, key=lambda each: each.section != last):
        if each.section != last:
            if each.section in there:
                reason = "line {line} writes pip settings, where the keys belong amid the text"
                return held(document, told, item, f"{reason}; add them there")
            more += ("\n" if text or more else "") + f"{each.note}[{each.section}]\n"
        else:
            more += each.note
        more += f"{each.key} = {each.value}\n"
    now = read_settings(text + more)
    if isinstance(now, Unreadable) or any(now.get(w[:2]) != w.value for w in wanted):
        return held(document, told, item)
    escaped = more.replace("\n", r"\n")
    title = f"add {' and '.join([f'{w.key} = {w.value}' for w in wanted])}"
    commands = [f"printf '{escaped}' >> {PATH}"]
    return _more(document, facts, item, commands, title, told)


def set_too(
    document: Document, facts: Facts, item: Brought, wanted: Sequence[Wanted], told: Finding
) -> Finding:
    """Give the finding for `pip config set`: a further such call for each key, in its spelling."""
    call = item.call
    assert call is not None
    options = [word.value for word in call.options]
    _, name, value = [at for at, word in enumerate(options) if not word.startswith("-")]
    commands = []
    for each in wanted:
        options[name], options[value] = f"{each.section}.{each.key}", each.value
        commands.append(" ".join((call.spelling, "config", *options)))
    if any(HOLE in each or set("\n'\"\\ ") & set(each.replace(" ", "")) for each in commands):
        return held(document, told, item)
    title = f"set {' and '.join([f'{w.section}.{w.key} {w.value}' for w in wanted])}"
    item = item._replace(body=call.body, command=call.program.outer)
    return _more(document, facts, item, commands, title, told)


def _more(
    document: Document,
    facts: Facts,
    item: Brought,
    commands: Sequence[str],
    title: str,
    told: Finding,
) -> Finding:
    """Give the finding whose fix puts commands behind one of an instruction.

    In its chain, ahead of what follows; where nothing follows, in a line of their own.
    """
    body = item.body
    script = body.reading.script if body is not None else None
    if body is None or not isinstance(script, Script):
        return held(document, told, item)
    instruction = document.instructions[item.number]
    edit = None
    if item.command + 1 < len(script.commands):
        following = script.commands[item.command + 1]
        edit = linked(document, instruction.start, body, following, commands)
    if edit is None:
        uses = facts.pips_of(item.number)
        after = item.number + 1
        if any(use.call.subcommand in CACHE_WRITERS for use in uses):
            return held(document, told, item)  # it would come too late
        if facts.root(after) is False or not facts.posix(after):
            return held(document, told, item)
        edit = line_after(document, item.number, "RUN", " && ".join(commands))
    fix = Fix(title, Safety.SAFE, (edit,))
    return here(document, item, told, _LACKS)._replace(fix=fix)
