"""Ignore comments: for an instruction, for a stage, for a file."""

from __future__ import annotations

import re

from pipslim.passes import IDS
from pipslim.syntax.source import position
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from pipslim.fixes.base import Finding
    from pipslim.syntax.document import Document
    from pipslim.syntax.source import Position, Span

_PRAGMA = lazy(r"#+\s*pipslim:\s*(ignore-file|ignore)(?:\[([^\]]*)\])?(.*)", re.DOTALL)
_SIGN = "pipslim:"


class Pragma(NamedTuple):
    """An ignore comment: `# pipslim: ignore[pip-cache] reason`.

    It silences the passes `ids` (all where empty) for what starts or is edited in `scope`: the
    instruction behind it, or around it; the whole stage where that is a FROM; the whole file for
    `ignore-file`, which `whole` tells. `number` counts the file's ignore comments, `unknown` are
    ids of no pass.
    """

    number: int
    comment: Span
    scope: tuple[int, int]
    ids: frozenset[str]
    unknown: tuple[str, ...]
    whole: bool = False

    def silences(self, finding: Finding) -> bool:
        """Tell whether it silences a finding."""
        if self.ids and finding.pass_id not in self.ids:
            return False
        low, high = self.scope
        if low <= finding.span.start < high:
            return True
        if finding.elsewhere is not None:
            return False  # its edits are not of this file
        edits = finding.fix.edits if finding.fix is not None else ()
        return any(low < edit.end and edit.start < high for edit in edits)


def pragmas(document: Document) -> tuple[Pragma, ...]:
    """Give the ignore comments of a document, in order."""
    text = document.text
    if _SIGN not in text:
        return ()
    found: list[Pragma] = []
    for comment in document.comments:
        mark = read_pragma(len(found), text, comment)
        if mark is not None:
            if not mark.whole:
                mark = mark._replace(scope=_scope(document, comment))
            found.append(mark)
    return tuple(found)


def read_pragma(number: int, text: str, comment: Span) -> Pragma | None:
    """Read a comment of a text; None where it is no ignore comment. Its scope is the whole text."""
    match = _PRAGMA.match(text[comment.start : comment.end])
    if match is None:
        return None
    named = [part.strip() for part in (match[2] or "").split(",") if part.strip()]
    unknown = tuple(each for each in named if each not in IDS)
    scope = 0, len(text) + 1
    whole = match[1] == "ignore-file"
    return Pragma(number, comment, scope, frozenset(named), unknown, whole)


def unused(text: str, mark: Pragma) -> tuple[Position, str]:
    """Give the place of an ignore comment that silences nothing, with what to say of it."""
    where = position(text, mark.comment.start)
    if mark.unknown:
        names = ", ".join(mark.unknown)
        return where, f"ignore comment names no pass: {names}; see `pipslim rules`"
    return where, "ignore comment silences nothing; remove it"


def _scope(document: Document, comment: Span) -> tuple[int, int]:
    for number, instruction in enumerate(document.instructions):
        if instruction.end < comment.start:
            continue
        if instruction.keyword == "FROM" and instruction.start > comment.start:
            for stage in document.stages:
                if stage.first == number:
                    last = document.instructions[stage.last - 1]
                    return instruction.start, last.end + 1
        return instruction.start, instruction.end + 1
    return 0, 0
