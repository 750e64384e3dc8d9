"""Where new text goes, in the file's own style: lines, links of a chain, pairs of an ENV."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipslim.syntax.edits import Edit
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.shell import Script, trail
from pipslim.syntax.source import newline_at

if TYPE_CHECKING:
    from pipslim.facts.runs import Body
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document, Instruction
    from pipslim.syntax.pairs import Pair
    from pipslim.syntax.shell import Command

_CONTINUED_ENV = re.compile(
    r"^[ \t]*ENV[ \t][^\n]*[\\`][ \t]*\r?\n([ \t]+)\S", re.IGNORECASE | re.MULTILINE
)
_LINK = re.compile(r"(?:[ \t]|\\[ \t]*\r?\n)*&&(?:[ \t]|\\[ \t]*\r?\n)*")
_LEADING = ("ARG", "ENV", "LABEL", "MAINTAINER", "SHELL")


def line_after(document: Document, number: int, line: str) -> Edit:
    """Give the edit that puts a line of its own behind the instruction `number`."""
    text, end = document.text, document.instructions[number].end
    newline = newline_at(text, end)
    behind = text.find("\n", end)
    if behind < 0:  # the last line, without a newline: it stays without one
        return Edit(len(text), len(text), newline + line)
    return Edit(behind + 1, behind + 1, line + newline)


def top(document: Document, stage: StageFacts) -> int:
    """Give the last of a stage's leading instructions, those that run nothing."""
    number = stage.stage.first
    while number + 1 < stage.stage.last:
        if document.instructions[number + 1].keyword not in _LEADING:
            break
        number += 1
    return number


def chained(
    document: Document, start: int, body: Body, command: Command, added: str
) -> Edit | None:
    """Give the edit that puts `added` behind a command, in its `&&` chain and its layout.

    `start` is where the command's instruction begins in the file.

    None where it stands in a construct, or in a place where another command could not follow.
    """
    if command.nest or body.exec_form or command.lead in ("|", "|&", "||", "!", "time"):
        return None
    script = body.reading.script
    follower = trail(body.view.text, script, command) if isinstance(script, Script) else "?"
    if follower not in ("", "&&", ";", "\n"):
        return None
    end = start + body.view.after(command.end)
    text = document.text
    if follower == "\n":
        newline = newline_at(text, end)
        line = text.rfind("\n", 0, start + body.view.at(command.start)) + 1
        indent = text[line : start + body.view.at(command.start)]
        return Edit(end, end, newline + (indent if not indent.strip() else "") + added)
    link = _LINK.match(text, end) if follower == "&&" else None
    return Edit(end, end, (link[0] if link else " && ") + added)


def indentation(document: Document, instruction: Instruction) -> str:
    """Give the blanks before a further pair of an ENV: its own, the file's, else four."""
    lines = document.text[instruction.start : instruction.end].split("\n")
    if len(lines) > 1:
        last = lines[-1]
        blanks = last[: len(last) - len(last.lstrip(" \t"))]
        if blanks and not last.lstrip().startswith("#"):
            return blanks
    match = _CONTINUED_ENV.search(document.text)
    return match[1] if match is not None else "    "


def convertible(instruction: Instruction, pair: Pair, escape: str) -> Edit | None:
    """Give the edit that makes a legacy `ENV key rest` the form `key=rest`, if provably equal.

    It is where key and value are in one line and hold no quote, escape character, backslash or
    `$`; a value with other than plain characters is quoted.
    """
    key, value = pair.key, pair.value
    if len(instruction.view.segments) > 1 or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", key):
        return None
    if any(c in value for c in "'\"$\\" + escape) or not value or not value.isprintable():
        return None
    start = instruction.view.at(pair.start) + len(key)
    end = instruction.view.after(pair.end)
    quote = "" if re.fullmatch(r"[A-Za-z0-9_./:@%+,=^~-]+", value) else '"'
    return Edit(start, end, f"={quote}{value}{quote}")


def env_tail(document: Document, instruction: Instruction) -> int | None:
    """Give the file offset behind an ENV's last character; None where nothing may follow there."""
    text = instruction.view.text.rstrip()
    if text.endswith(document.escape):
        return None
    return instruction.view.after(len(text))


def joined(
    document: Document, stage: StageFacts, added: tuple[str, ...]
) -> tuple[tuple[Edit, ...], bool]:
    """Give the edits that add pairs to a stage's environment before anything runs.

    They join the first ENV that stands before the first RUN, or make a new one behind FROM and
    its ARGs; the flag tells whether they joined.
    """
    instructions = document.instructions
    for number in range(stage.stage.first + 1, stage.stage.last):
        instruction = instructions[number]
        if instruction.keyword == "RUN":
            break
        if instruction.keyword != "ENV":
            continue
        found = pairs(instruction, document.escape)
        tail = env_tail(document, instruction)
        if isinstance(found, Malformed) or tail is None:
            continue
        edits: list[Edit] = []
        if found[0].legacy:
            edit = convertible(instruction, found[0], document.escape)
            if edit is None:
                continue
            edits.append(edit)
        newline = newline_at(document.text, tail)
        indent = indentation(document, instruction)
        more = "".join([f" {document.escape}{newline}{indent}{pair}" for pair in added])
        if edits:  # one edit, for the two would touch
            edits[0] = edits[0]._replace(text=edits[0].text + more)
        else:
            edits.append(Edit(tail, tail, more))
        return tuple(edits), True
    number = stage.stage.first
    while number + 1 < stage.stage.last and instructions[number + 1].keyword == "ARG":
        number += 1
    indent = f" {document.escape}{newline_at(document.text, instructions[number].end)}    "
    return (line_after(document, number, "ENV " + indent.join(added)),), False
