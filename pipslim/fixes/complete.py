"""Settings that a Dockerfile brings for pip: what they lack, added to them in their own form."""

from __future__ import annotations

from pipslim.facts.brought import DROPPED, FILE, HEREDOC, SET, UNREAD, WRITTEN, brought
from pipslim.facts.conf import PATH, said_by_env
from pipslim.facts.lacks import lacking
from pipslim.facts.settings import (
    CACHE,
    COMPILE,
    Unreadable,
    completed,
    head,
    place,
    read_settings,
    sections,
)
from pipslim.fixes.base import CONF, Elsewhere, Finding, Fix, Safety
from pipslim.fixes.commands import held, here, is_ours, set_too, written
from pipslim.syntax.edits import Edit
from pipslim.syntax.script import HOLE
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipslim.facts.brought import Brought
    from pipslim.facts.known import Facts
    from pipslim.facts.lacks import Wanted
    from pipslim.facts.settings import Keys
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document


_LACKS = {
    CACHE: "these settings do not turn off pip's cache",
    COMPILE: "these settings do not turn off pip's compiling",
}
_OTHERWISE = "another stage has these settings too, and is not to have that"


class Completion(NamedTuple):
    """What becomes of the settings that a stage brings.

    `findings` are all there is to tell. `reads` names what else may be shared with other stages:
    files of the context by their paths, and instructions by where they start. `dropped` tells that
    no file is read at all; without it, nothing else is to be written.
    """

    findings: tuple[Finding, ...] = ()
    reads: frozenset[str | int] = frozenset()
    dropped: bool = False


def completion(
    document: Document, facts: Facts, stage: StageFacts, told: Finding
) -> Completion | None:
    """Give what becomes of what the chain of a stage brings; None where it brings no settings.

    `told` is the finding for what has to be held back.
    """
    chain = [*stage.chain()[:-1], *stage.family()]
    items = [each for member in chain for each in brought(facts, member)]
    mine = [each for each in items if not each.user]
    if not mine:
        mine = [each for each in items if _serves_all(facts, stage, each)]
    last = max([use.instruction for use in facts.uses(stage)])
    # what replaces all settings behind the last call leaves the calls without any
    mine = [e for e in mine if e.number <= last or e.appends or e.kind in (UNREAD, DROPPED)]
    if not mine:
        return None
    if said_by_env(facts, facts.pips(stage).uses[0]):
        return Completion()
    if any(each.kind == DROPPED for each in mine):
        return Completion(dropped=True)
    for each in mine:
        if each.kind == UNREAD:
            start, end = document.instructions[each.number][1:3]
            text = document.text[start:end]
            if PATH in text and ("no-cache-dir" in text or "compile = no" in text):
                return Completion()  # it says what this pass would say
            return Completion((held(document, told, each),))
    whole = _merged(facts, [each for each in mine if each.kind != SET])
    for each in whole:
        if each.appends and (len(whole) > 1 or stage.image is None):
            return Completion((held(document, told, each),))
    keys: Keys = {}
    for each in mine:
        keys.update(each.keys)
    reads: frozenset[str | int] = frozenset(
        [document.instructions[each.number].start for each in mine]
    ).union([each.path for each in whole if each.path])
    if not whole:
        return Completion(tuple(_set(document, facts, stage, mine, keys, told)), reads)
    found = [
        finding for each in whole for finding in _whole(document, facts, stage, each, keys, told)
    ]
    return Completion(tuple(found), reads)


def agreed(completions: Sequence[Completion]) -> Iterator[Finding]:
    """Give the findings of all stages, each once; what not all that share it want, held back."""
    seen: set[Finding] = set()
    for completion in completions:
        for finding in completion.findings:
            if finding.fix is not None:
                other = finding.elsewhere
                shared = finding.span.start if other is None else other.path
                readers = [each for each in completions if shared in each.reads]
                if not all(_proposes(each.findings, finding) for each in readers):
                    finding = finding._replace(fix=None, why_not=_OTHERWISE)
            # several instructions may bring one file
            place = finding._replace(span=Span(0, 0)) if finding.elsewhere else finding
            if place not in seen:
                seen.add(place)
                yield finding


def _proposes(findings: Iterable[Finding], wanted: Finding) -> bool:
    return any(each.elsewhere == wanted.elsewhere and each.fix == wanted.fix for each in findings)


def _serves_all(facts: Facts, stage: StageFacts, item: Brought) -> bool:
    """Tell whether a user's settings can be read, and are those of every call of a stage."""
    if item.kind not in (FILE, HEREDOC) or facts.mentions("HOME"):
        return False
    return all(
        use.instruction > item.number
        and facts.root(use.instruction) is not False
        and not use.call.program.wrappers
        for use in facts.uses(stage)
    )


def _merged(facts: Facts, items: Sequence[Brought]) -> list[Brought]:
    """Give texts with what later RUNs append to those that RUNs write."""
    found: list[Brought] = []
    for item in items:
        ahead = found[-1] if found else None
        stage = facts.stages.of(item.number)
        if (
            ahead is not None
            and stage is not None
            and facts.stages.of(ahead.number) in stage.chain()
            and item.appends
            and ahead.kind == WRITTEN
        ):
            text = ahead.text + item.text
            found[-1] = item._replace(text=text, appends=ahead.appends, begins=ahead.start)
        else:
            found.append(item)
    return found


def _set(
    document: Document,
    facts: Facts,
    stage: StageFacts,
    items: Sequence[Brought],
    keys: Keys,
    told: Finding,
) -> Iterator[Finding]:
    """Give the findings for settings that are set by `pip config set` alone."""
    wanted, against = lacking(facts, stage, items[0], keys)
    for each in against:
        reason = f"line {{line}} sets pip settings: {each.why}"
        yield held(document, told, items[0], reason)
    if wanted:
        yield set_too(document, facts, items[0], wanted, told)


def _whole(
    document: Document,
    facts: Facts,
    stage: StageFacts,
    item: Brought,
    more: Keys,
    told: Finding,
) -> Iterator[Finding]:
    """Give the findings for settings that are brought as a text; `more` are set besides."""
    if item.kind == WRITTEN and is_ours(document, item):
        return
    keys = read_settings(item.text.replace(HOLE, "x"))
    if isinstance(keys, Unreadable):
        if item.kind == FILE:
            reason = f"pip cannot read them: {keys.why}; mend that first"
            yield _elsewhere(document, item, told, CACHE, (0, 0))._replace(why_not=reason)
        else:
            yield held(document, told, item)
        return
    wanted, against = lacking(facts, stage, item, {**keys, **more})
    for each in against:
        if item.kind == FILE:
            found = _elsewhere(document, item, told, each.key, place(item.text, each.name))
            yield found._replace(why_not=each.why)
        else:
            yield held(document, told, item, f"line {{line}} brings pip settings: {each.why}")
    if item.kind == WRITTEN and wanted:
        yield written(document, facts, item, wanted, told)
    elif item.kind != WRITTEN:
        yield from _lines(document, item, wanted, told)


def _lines(
    document: Document, item: Brought, wanted: Sequence[Wanted], told: Finding
) -> Iterator[Finding]:
    """Give the findings for lines that a file or a heredoc lacks."""
    there = sections(item.text)
    ahead: Edit | None = None
    for each in sorted(wanted, key=lambda each: each.section not in there):
        edit = completed(item.text, each.section, each.key, each.value, each.note)
        if edit is None:
            if item.kind == FILE:
                found = _elsewhere(document, item, told, each.key, head(item.text))
                yield found._replace(why_not="no place for the key is safe; add it by hand")
            else:
                yield held(document, told, item)
            continue
        if ahead is not None and edit.start == ahead.start == len(item.text):
            if edit.text.startswith("["):  # behind the section that the key ahead brings
                newline = "\r\n" if "\r\n" in edit.text else "\n"
                edit = edit._replace(text=newline + edit.text)
        ahead = edit
        title = f"add {each.key} = {each.value} to [{each.section}]"
        fix = Fix(title, Safety.SAFE, (edit,))
        if item.kind == FILE:
            found = _elsewhere(document, item, told, each.key, head(item.text))
        else:
            start = edit.start + item.offset
            lines = tuple(edit.text.splitlines())
            fix = fix._replace(edits=(Edit(start, start, edit.text),), lines=lines)
            found = here(document, item, told, _LACKS[each.key])
        yield found._replace(fix=fix)


def _elsewhere(
    document: Document, item: Brought, told: Finding, lacks: str, span: tuple[int, int]
) -> Finding:
    """Give a finding in the file that an instruction copies."""
    found = here(document, item, told, _LACKS[lacks])
    return found._replace(elsewhere=Elsewhere(item.path, item.text, CONF, Span(*span)))
