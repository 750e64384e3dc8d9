"""Neighbouring ENV instructions that one ENV would say."""

from __future__ import annotations

from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.layout import convertible, env_tail, indentation
from pipslim.syntax.edits import Edit
from pipslim.syntax.expand import BadExpansion, references
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.source import Span, newline_at
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document, Instruction

_ID = "split-env"

ABOUT = About(
    id=_ID,
    summary="neighbouring ENV instructions: make them one",
    why=(
        "A run of ENV instructions is one setting spread over several history entries. They are "
        "joined, one pair a line, where the meaning is provably the same: all words of one ENV "
        "expand with the environment before it, so a value that refers to a variable of the run "
        "starts a new ENV. The legacy form `ENV key value` is converted only where nothing in it "
        "could be read differently. Comments between stay where they are; blank lines between go, "
        "for an empty continuation line is deprecated. This saves history entries, not bytes."
    ),
    price="A change to one variable rebuilds from the whole ENV on.",
    before="FROM python:3.12-slim\nENV A=1\nENV B two words\n# refers back\nENV C=$A\nENV D=4\n",
    after=(
        "FROM python:3.12-slim\n"
        'ENV A=1 \\\n    B="two words"\n# refers back\nENV C=$A \\\n    D=4\n'
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give one finding for each run of ENV instructions that can be one."""
    numbers = facts.stages.numbers("ENV")
    if not any(map(_follows, numbers[1:], numbers)):
        return
    group: list[_Member] = []
    names: set[str] = set()
    ahead = -1
    for number in numbers:
        member = _member(document, facts, document.instructions[number])
        follows, ahead = number == ahead + 1, number
        if member is not None and group and follows and not names & member.uses:
            group.append(member)
            names |= member.sets
            continue
        if len(group) > 1:
            yield _finding(document, group)
        group = [member] if member is not None else []
        names = set(member.sets) if member is not None else set()
    if len(group) > 1:
        yield _finding(document, group)


def _follows(number: int, ahead: int) -> bool:
    return number == ahead + 1


class _Member(NamedTuple):
    """An ENV that may be joined: the edit out of its legacy form, the names it uses and sets."""

    instruction: Instruction
    tail: int
    conversion: Edit | None
    uses: frozenset[str]
    sets: frozenset[str]


def _member(document: Document, facts: Facts, instruction: Instruction) -> _Member | None:
    """Read an ENV; None for one that is to stay alone."""
    tail = env_tail(document, instruction)
    if tail is None:
        return None
    if "#" in document.text[instruction.start : instruction.at(instruction.args)]:
        return None  # a comment ahead of the first pair, which would go with the keyword
    found = pairs(instruction, document.escape)
    if isinstance(found, Malformed):
        return None
    conversion = None
    if found[0].legacy:
        conversion = convertible(instruction, found[0], document.escape)
        if conversion is None:
            return None
    used: set[str] = set()
    for pair in found:
        if "$" in pair.key or "'" in pair.key or '"' in pair.key or document.escape in pair.key:
            return None
        if "$" in pair.value:
            try:
                used |= references(pair.value, document.escape)
            except BadExpansion:
                facts.stages.environment(0)  # raises, and tells the place
                return None
    keys = frozenset(pair.key for pair in found)
    return _Member(instruction, tail, conversion, frozenset(used), keys)


def _finding(document: Document, group: list[_Member]) -> Finding:
    text = document.text
    indent = _indentation(document, group)
    edits: list[Edit] = []
    for at, member in enumerate(group):
        if member.conversion is not None:
            edits.append(member.conversion)
        if at + 1 < len(group):
            following = group[at + 1].instruction
            edits.extend(_seam(text, member.tail, following.start, document.escape))
            edits.append(_keyword(following, indent, text))
    first, last = group[0].instruction, group[-1].instruction
    count = len(group)
    message = f"{count} neighbouring ENV instructions could be one"
    fix = Fix(f"make {count} ENV instructions one", Safety.SAFE, tuple(_merged(edits)))
    return Finding(_ID, Span(first.start, last.end), message, fix)


def _indentation(document: Document, group: list[_Member]) -> str:
    for member in group:
        if "\n" in document.text[member.instruction.start : member.instruction.end]:
            return indentation(document, member.instruction)
    return indentation(document, group[0].instruction)


def _seam(text: str, tail: int, following: int, escape: str) -> list[Edit]:
    """Give the edits that continue the line of `tail`, and drop blank lines behind it."""
    newline = newline_at(text, tail)
    start = text.find("\n", tail) + 1
    edits = [Edit(tail, start, f" {escape}{newline}")]
    while start < following:
        end = text.find("\n", start) + 1
        if not end or end > following:
            break
        if not text[start:end].strip():
            edits.append(Edit(start, end, ""))
        start = end
    return edits


def _keyword(instruction: Instruction, indent: str, text: str) -> Edit:
    """Give the edit that puts indentation in the place of `ENV `."""
    start = text.rfind("\n", 0, instruction.start) + 1
    return Edit(start, instruction.at(instruction.args), indent)


def _merged(edits: list[Edit]) -> list[Edit]:
    """Make one edit of those that touch."""
    found: list[Edit] = []
    for edit in sorted(edits):
        if found and found[-1].end == edit.start:
            found[-1] = Edit(found[-1].start, edit.end, found[-1].text + edit.text)
        else:
            found.append(edit)
    return found
