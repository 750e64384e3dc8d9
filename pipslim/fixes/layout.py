"""Where new text goes, in the file's own style: lines, links of a chain, pairs of an ENV."""

from __future__ import annotations

from pipslim.syntax.edits import Edit
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.script import Opaque
from pipslim.syntax.source import newline_at
from pipslim.syntax.startup import TYPE_CHECKING, lazy, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.runs import Body
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document, Instruction
    from pipslim.syntax.pairs import Pair
    from pipslim.syntax.script import Command
    from pipslim.syntax.source import Span

_PLAIN_KEY = lazy(r"[A-Za-z_][A-Za-z0-9_.-]*")
_PLAIN_VALUE = lazy(r"[A-Za-z0-9_./:@%+,=^~-]+")
_SPECIAL = lazy(r"['\"$\\]")
_SECOND_LINE = lazy(r"[^\n]*\n([ \t]+)[^\s#]")


def line_after(document: Document, number: int, keyword: str, arguments: str) -> Edit:
    """Give the edit that puts an instruction of its own behind the instruction `number`.

    Its keyword is in capitals or not, and indented, as that of the instruction ahead of it.
    """
    instruction = document.instructions[number]
    text, end = document.text, instruction.end
    newline = newline_at(text, end)
    if text[instruction.start : instruction.start + len(instruction.keyword)].islower():
        keyword = keyword.lower()
    line = f"{_margin(text, instruction)}{keyword} {arguments}"
    behind = text.find("\n", end)
    if behind < 0:  # the last line, without a newline: it stays without one
        return Edit(len(text), len(text), newline + line)
    return record(Edit, (behind + 1, behind + 1, line + newline))


def _margin(text: str, instruction: Instruction) -> str:
    """Give the blanks ahead of an instruction."""
    margin = text[text.rfind("\n", 0, instruction.start) + 1 : instruction.start]
    return margin if not margin.strip(" \t") else ""


def linked(
    document: Document, start: int, body: Body, following: Command, added: Sequence[str]
) -> Edit | None:
    """Give the edit that puts commands right ahead of another, in its chain and its layout.

    They are linked by the operator that stands ahead of `following` (`&&`, `;` or a newline),
    written as it is written there. `start` is where the instruction begins in the file. None where
    `following` stands in a construct, or first.
    """
    script = body.reading.script
    if following.nest or body.exec_form or isinstance(script, Opaque):
        return None
    if "\r" in body.view.text:
        return None  # part of its words: a script that can hardly run
    if following.lead not in ("&&", ";", "\n"):
        return None
    ahead = [token for token in script.tokens if token.end <= following.start]
    while ahead and ahead[-1].value == "\n":
        ahead.pop()
    if following.lead != "\n":
        ahead = ahead[:-1]
    if not ahead:
        return None
    text = document.text
    end = start + body.view.after(ahead[-1].end)
    seam = text[end : start + body.view.at(following.start)]
    if following.lead == "\n":
        seam = newline_at(text, end) + seam.rpartition("\n")[2]
    elif "\n" in seam:  # comments and blank lines between stay ahead of what follows
        first, *rest, last = seam.split("\n")
        kept = [line for line in rest if line.strip() and not line.lstrip().startswith("#")]
        seam = "\n".join([first, *kept, last])
    return Edit(end, end, "".join([seam + each for each in added]))


def option_behind(document: Document, span: Span, option: str, *, exec_form: bool) -> Edit:
    """Give the edit that puts an option behind the words at `span`, on their line.

    In an exec form it is an element of its own, set as those ahead of it are.
    """
    text = f" {option}"
    if exec_form:
        ahead = document.text[span.start : span.end]
        text = f',"{option}"' if '","' in ahead and '", "' not in ahead else f', "{option}"'
    return record(Edit, (span.end, span.end, text))


def indentation(document: Document, instruction: Instruction) -> str:
    """Give the blanks before a further pair of an ENV: its own, the file's, else four."""
    lines = document.text[instruction.start : instruction.end].split("\n")
    if len(lines) > 1:
        last = lines[-1]
        blanks = last[: len(last) - len(last.lstrip(" \t"))]
        if blanks and not last.lstrip().startswith("#"):
            return blanks
    margin = _margin(document.text, instruction)
    if not margin:
        for each in document.instructions[:100]:  # a habit shows early
            if each.keyword == "ENV" and "\n" in document.text[each.start : each.end]:
                match = _SECOND_LINE.match(document.text, each.start)
                if match is not None:
                    return match[1]
    return margin + "    "


def convertible(instruction: Instruction, pair: Pair, escape: str) -> Edit | None:
    """Give the edit that makes a legacy `ENV key rest` the form `key=rest`, if provably equal.

    It is where key and value are in one line and hold no quote, escape character, backslash or
    `$`; a value with other than plain characters is quoted.
    """
    key, value = pair.key, pair.value
    if len(instruction.view.segments) > 1 or not _PLAIN_KEY.fullmatch(key):
        return None
    if escape in value or _SPECIAL.search(value) or not value or not value.isprintable():
        return None
    start = instruction.at(pair.start) + len(key)
    end = instruction.after(pair.end)
    quote = "" if _PLAIN_VALUE.fullmatch(value) else '"'
    return Edit(start, end, f"={quote}{value}{quote}")


def env_tail(document: Document, instruction: Instruction) -> int | None:
    """Give the file offset behind an ENV's last character; None where nothing may follow there."""
    text = instruction.view.text.rstrip()
    if text.endswith(document.escape):
        return None
    return instruction.after(len(text))


def joined(document: Document, stage: StageFacts, added: tuple[str, ...]) -> tuple[Edit, ...]:
    """Give the edits that add pairs to a stage's environment before anything runs.

    They join the first ENV that stands before the first RUN, the last of them where several are
    neighbours, or make a new one behind FROM and its ARGs.
    """
    instructions = document.instructions
    found: tuple[Edit, ...] = ()
    for number in range(stage.stage.first + 1, stage.stage.last):
        instruction = instructions[number]
        if instruction.keyword == "ENV":
            found = _appended(document, instruction, added) or found
        elif found or instruction.keyword == "RUN":
            break
    if found:
        return found
    number = stage.stage.first
    while number + 1 < stage.stage.last and instructions[number + 1].keyword == "ARG":
        number += 1
    newline = newline_at(document.text, instructions[number].end)
    seam = f" {document.escape}{newline}{indentation(document, instructions[number])}"
    return (line_after(document, number, "ENV", seam.join(added)),)


def _appended(
    document: Document, instruction: Instruction, added: tuple[str, ...]
) -> tuple[Edit, ...]:
    """Give the edits that add pairs to an ENV; none where it cannot be told what they would do."""
    found = pairs(instruction, document.escape)
    tail = env_tail(document, instruction)
    if isinstance(found, Malformed) or tail is None:
        return ()
    seam = f" {document.escape}{newline_at(document.text, tail)}"
    seam += indentation(document, instruction)
    more = "".join([seam + pair for pair in added])
    if not found[0].legacy:
        return (Edit(tail, tail, more),)
    edit = convertible(instruction, found[0], document.escape)
    # one edit, for the two would touch
    return () if edit is None else (edit._replace(text=edit.text + more),)
