"""The proof for lines added on purpose to the data of a COPY: to settings of pip alone."""

from __future__ import annotations

import re

from pipslim.facts.known import Facts
from pipslim.facts.settings import adds_alone
from pipslim.rewrite.sides import Broken
from pipslim.syntax.document import Document
from pipslim.syntax.edits import Edit, apply
from pipslim.syntax.parser import parse
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.syntax.document import Instruction
    from pipslim.syntax.source import Span

KEYS = (("global", "no-cache-dir"), ("install", "compile"))
_LINE = re.compile(
    r"|\[(?:global|install)\]|# [ -~]+"
    r"|\s*no-cache-dir\s*[=:]\s*(?:True|false)|\s*compile\s*[=:]\s*no"
)


class Proven(NamedTuple):
    """What is left to prove: the facts of the text with those lines, and the edits of that."""

    before: Facts
    edits: tuple[Edit, ...]


def added_lines(before: Facts, edits: Sequence[Edit], lines: frozenset[str]) -> Proven | Broken:
    """Take the edits of heredocs' data out of a rewrite, once they are proven.

    Such an edit puts whole lines of `lines` into the data of a COPY or ADD, which to pip are
    settings that say the same as before, and besides some of KEYS alone. Every other instruction,
    and all else of that one, is the same bytes.
    """
    document = before.document
    inside: list[Edit] = []
    others: list[Edit] = []
    for edit in edits:
        inside_of = _body(document, edit)
        (others if inside_of is None else inside).append(edit)
        if inside_of is not None and not _declared(document.text, edit, lines):
            return Broken("heredoc", edit.start, "more than the lines that were told was added")
    after = parse(apply(document.text, inside))
    if not isinstance(after, Document) or len(after.instructions) != len(document.instructions):
        return Broken("heredoc", 0, "a line ends the data that it is added to")
    for was, now in zip(document.instructions, after.instructions, strict=True):
        reason = _differs(document, was, after, now)
        if reason:
            return Broken("heredoc", now.start, reason)
    moved = []
    for start, end, text in others:
        shift = sum(len(each.text) for each in inside if each.start < start)
        moved.append(Edit(start + shift, end + shift, text))
    return Proven(Facts(after, before.options), tuple(moved))


def _body(document: Document, edit: Edit) -> tuple[Instruction, Span] | None:
    """Give the COPY or ADD, and the data of its heredoc, that an edit lies in."""
    for instruction in document.instructions:
        if instruction.keyword not in ("COPY", "ADD"):
            continue
        for heredoc in instruction.heredocs:
            low, high = heredoc.body
            if instruction.start + low <= edit.start and edit.end <= instruction.start + high:
                return instruction, heredoc.body
    return None


def _declared(text: str, edit: Edit, lines: frozenset[str]) -> bool:
    if edit.start != edit.end or not edit.text.endswith("\n") or text[edit.start - 1] != "\n":
        return False
    added = edit.text.splitlines()
    return all(line in lines and _LINE.fullmatch(line) is not None for line in added)


def _differs(document: Document, was: Instruction, after: Document, now: Instruction) -> str:
    """Tell how an instruction is not what it was but for settings added to its data, or nothing."""
    text, text_now = document.text, after.text
    if text[was.start : was.end] == text_now[now.start : now.end]:
        return ""
    if was.view.text != now.view.text or len(was.heredocs) != len(now.heredocs):
        return "an instruction changed outside its data"
    for old, new in zip(was.heredocs, now.heredocs, strict=True):
        data = text[was.start + old.body.start : was.start + old.body.end]
        data_now = text_now[now.start + new.body.start : now.start + new.body.end]
        if old.name != new.name:
            return "a heredoc got another name"
        if data != data_now and not adds_alone(data, data_now, KEYS):
            return "the settings in a heredoc say something else than before"
    return ""
