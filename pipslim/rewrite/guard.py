"""The proof that a rewrite changed only what it said."""

from __future__ import annotations

from pipslim.rewrite.commands import differs, dropped_whole
from pipslim.rewrite.sides import Broken, Sides, both, broken, side
from pipslim.rewrite.variables import environment_kept
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.source import BOM
from pipslim.syntax.startup import TYPE_CHECKING
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.known import Facts
    from pipslim.rewrite.declared import Declared
    from pipslim.syntax.document import Document
    from pipslim.syntax.edits import Edit

_MAY_BE_NEW = frozenset(("RUN", "ENV"))
_MAY_BE_EDITED = frozenset(("RUN", "ENV", "ONBUILD"))


def prove(
    before: Facts,
    after: Facts,
    edits: Sequence[Edit],
    declared: Declared,
) -> Broken | None:
    """Check a rewrite: give the first rule that it breaks, or None.

    `edits` lead from the text of `before` to that of `after`, in order. `declared` is what they do
    on purpose besides putting in words and commands. The rules: the result is a Dockerfile
    (`valid`) with the same directives; instructions that no edit names are the same bytes in the
    same order and stage (`untouched`); each edited RUN without the inserted words is the same
    commands (`commands`); the environment is the same before every instruction (`environment`);
    comments, newlines, byte order mark and final newline are kept (`comments`, `form`). Raises
    `environment.Unexpandable` where `before` has no environment.
    """
    invalid = check(after.document)
    if invalid is not None:
        return Broken("valid", invalid.offset, invalid.reason)
    if before.document.directives != after.document.directives:
        return Broken("valid", 0, "a parser directive was lost, changed or added")
    sides = both(before, after, edits)
    return (
        _untouched(sides, declared)
        or _comments(before.document, after.document)
        or _commands(sides, declared)
        or environment_kept(sides, declared)
        or _form(before.document.text, after.document.text)
    )


def _untouched(sides: Sides, declared: Declared) -> Broken | None:
    """See what kinds were edited or added, and compare the instructions that no edit names.

    No FROM is edited or added, so that what is the same in the same order is in the same stage.
    """
    for number in sorted(sides.touched_before):
        keyword = sides.before.document.instructions[number].keyword
        if keyword not in _MAY_BE_EDITED:
            return Broken("untouched", 0, f"a {keyword} was edited or removed")
    for number in sorted(sides.gone):
        if not _may_go(sides.before, number, declared):
            keyword = sides.before.document.instructions[number].keyword
            rule = {"RUN": "commands", "ENV": "environment"}.get(keyword, "untouched")
            return Broken(rule, 0, f"a {keyword} was removed")
    for number in sorted(sides.new | sides.touched_after):
        keyword = sides.after.document.instructions[number].keyword
        allowed = _MAY_BE_NEW if number in sides.new else _MAY_BE_EDITED
        if keyword not in allowed:
            return broken(sides, "untouched", number, f"a {keyword} was edited or added")
    old = _kept(sides.before.document, sides.touched_before | sides.gone)
    now = _kept(sides.after.document, sides.touched_after | sides.new)
    if old == now:
        return None
    same = next((n for n, (a, b) in enumerate(zip(old, now, strict=False)) if a != b), len(old))
    kept = set(range(len(sides.after.document.instructions))) - sides.touched_after - sides.new
    number = [*sorted(kept), 0][min(same, len(kept) - 1)]
    if same < len(old) and same < len(now):
        return broken(sides, "untouched", number, "an instruction that no edit names changed")
    return broken(sides, "untouched", number, "instructions were lost, split or joined")


def _may_go(facts: Facts, number: int, declared: Declared) -> bool:
    """Tell whether all that an instruction does was declared to be removed."""
    instruction = facts.document.instructions[number]
    if instruction.keyword == "RUN":
        return dropped_whole(side(facts, number, []), declared.drops)
    found = pairs(instruction, facts.document.escape) if instruction.keyword == "ENV" else ()
    if isinstance(found, Malformed):
        return False
    return bool(found) and all(pair.key in declared.alters for pair in found)


def _kept(document: Document, without: frozenset[int]) -> list[str]:
    text = document.text
    return [
        text[each.start : each.end]
        for number, each in enumerate(document.instructions)
        if number not in without
    ]


def _commands(sides: Sides, declared: Declared) -> Broken | None:
    """Compare each edited RUN with what it was, word by word."""
    old = _runs(sides.before.document, sides.touched_before)
    now = _runs(sides.after.document, sides.touched_after)
    for number in sorted(sides.new):
        if sides.after.document.instructions[number].keyword == "RUN":
            run = sides.after.run(number)
            if run.unread or not run.bodies:
                return broken(sides, "commands", number, "a new RUN that cannot be read")
    if len(old) != len(now):
        offset = sides.after.document.instructions[now[-1] if now else 0].start
        return Broken("commands", offset, "a RUN was lost or split")
    for first, second in zip(old, now, strict=True):
        reason = differs(
            side(sides.before, first, sides.removed),
            side(sides.after, second, sides.inserted),
            declared,
        )
        if reason:
            return broken(sides, "commands", second, reason)
    return None


def _runs(document: Document, numbers: frozenset[int]) -> list[int]:
    return [
        number
        for number in sorted(numbers)
        if document.instructions[number].keyword in ("RUN", "ONBUILD")
    ]


def _comments(before: Document, after: Document) -> Broken | None:
    old = [before.text[comment.start : comment.end] for comment in before.comments]
    now = [after.text[comment.start : comment.end] for comment in after.comments]
    if old != now:
        offset = next(
            (
                c.start
                for c, text in zip(after.comments, old, strict=False)
                if after.text[c.start : c.end] != text
            ),
            0,
        )
        return Broken("comments", offset, "a comment was lost, changed or added")
    return None


def _form(before: str, after: str) -> Broken | None:
    """Compare newline styles, byte order mark and the end of the file."""
    if before.startswith(BOM) != after.startswith(BOM):
        return Broken("form", 0, "the byte order mark was lost or added")
    if before.endswith("\n") != after.endswith("\n"):
        return Broken("form", len(after), "the newline at the end was lost or added")
    if "\r" not in before and "\r" not in after:
        return None
    crlf, lines = before.count("\r\n"), before.count("\n")
    crlf_now, lines_now = after.count("\r\n"), after.count("\n")
    if (not crlf and crlf_now) or (lines and crlf == lines and crlf_now != lines_now):
        return Broken("form", 0, "another style of newline came in")
    return None
