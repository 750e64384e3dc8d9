"""How the flags of a RUN are set and taken away, and words and pairs with them."""

from __future__ import annotations

from pipslim.syntax.edits import Edit
from pipslim.syntax.forms import flags, json_strings
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.source import newline_at
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.syntax.document import Document, Flag, Instruction


def flagged(document: Document, instruction: Instruction, added: Sequence[str]) -> Edit:
    """Give the edit that puts flags ahead of all that a RUN has.

    Each ends its line, as is usual for a mount, and the command begins the next one; but for an
    exec form and a heredoc, which stay on theirs.
    """
    text = document.text
    start = instruction.at(instruction.args)
    seam = " "
    _, behind = flags(instruction, document.escape)
    exec_form = json_strings(instruction.view.text, behind) is not None
    if not exec_form and not instruction.heredocs:
        seam = f" {document.escape}{newline_at(text, start)}{_indentation(text, instruction)}"
    return Edit(start, start, "".join([flag + seam for flag in added]))


def _indentation(text: str, instruction: Instruction) -> str:
    """Give the blanks ahead of a further line of a RUN: its own habit, else four more."""
    lines = text[instruction.start : instruction.end].split("\n")[1:]
    for line in lines:
        blanks = line[: len(line) - len(line.lstrip(" \t"))]
        if line.strip() and not line.lstrip().startswith("#"):
            return blanks
    line = text[text.rfind("\n", 0, instruction.start) + 1 : instruction.start]
    return (line if not line.strip(" \t") else "") + "    "


def unflagged(
    document: Document, instruction: Instruction, flag: Flag
) -> tuple[Edit, tuple[str, str]] | None:
    """Give the edit that takes a flag away, with what parts it from the next word.

    Beside it is what `Fix.flags` has to say of that. None where a comment stands between the two.
    """
    given, behind = flags(instruction, document.escape)
    following = next((f.start for f in given if f.start > flag.start), behind)
    start, end = instruction.at(flag.start), instruction.at(following)
    if any(start < comment.start < end for comment in document.comments):
        return None
    return Edit(start, end, ""), (instruction.view.text[flag.start : flag.end], "")


def without_pair(document: Document, instruction: Instruction, key: str) -> Edit | None:
    """Give the edit that takes a variable out of an ENV, the whole ENV where it is all there is.

    None where a comment would go with it, or it is set there more than once.
    """
    found = pairs(instruction, document.escape)
    if isinstance(found, Malformed) or [pair.key for pair in found].count(key) != 1:
        return None
    text = document.text
    at = next(n for n, pair in enumerate(found) if pair.key == key)
    if len(found) == 1:
        start = text.rfind("\n", 0, instruction.start) + 1
        end = text.find("\n", instruction.end) + 1
        if not end:  # the last line, without a newline
            start, end = max(start - 1, 0), len(text)
            start -= text[start - 1 : start] == "\r"
        if text[start : instruction.start].strip():
            return None
    elif at:
        start, end = instruction.after(found[at - 1].end), instruction.after(found[at].end)
    else:
        start, end = instruction.at(found[0].start), instruction.at(found[1].start)
    if any(start < comment.start < end for comment in document.comments):
        return None
    return Edit(start, end, "")
