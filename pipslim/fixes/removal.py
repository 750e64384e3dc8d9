"""How commands are taken out of a RUN, so that what is left does, and ends, as it did."""

from __future__ import annotations

from pipslim.fixes.chains import ahead_of_link
from pipslim.syntax.edits import Edit
from pipslim.syntax.script import HOLE, Opaque
from pipslim.syntax.source import newline_at
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.purges import Purge
    from pipslim.facts.runs import Body, Run
    from pipslim.syntax.document import Document, Instruction
    from pipslim.syntax.script import Command, Script

_EVEN = frozenset((";", "\n"))  # what runs the next command, whatever became of the one ahead
_COMMENT = "a comment stands beside it, which would be left without it"
_PART = "it is no plain link of its chain"
_STATUS = "without it, how the RUN ends would hang on another command"


class Removal(NamedTuple):
    """Edits that take commands out, and those commands as `Fix.drops` has them."""

    edits: tuple[Edit, ...]
    drops: tuple[str, ...]


def removal(document: Document, number: int, run: Run, places: Iterable[int]) -> Removal | str:
    """Take the commands at `places` out of the script of the RUN `number`; or tell why not.

    Each of them is known to end well, or to fail for no reason of its own. The places are those of
    simple commands in the outermost script, as `Program.outer`. A RUN of nothing else goes whole,
    with its line. A link goes where all that is behind it runs as before, and where the RUN ends as
    before: `a && x && b`, `x; b`, but not `a; x`, which ends well where `a` fails.
    """
    instruction = document.instructions[number]
    bodies = [body for body in run.bodies if body.view.text]
    if len(bodies) != 1 or bodies[0].exec_form or run.unread:
        return "a RUN in exec form is left as it is" if bodies[0].exec_form else _PART
    body = bodies[0]
    script = body.reading.script
    if isinstance(script, Opaque):
        return _PART
    chosen = sorted(set(places))
    for at in chosen:
        _, _, _, start, end, nest, _, _ = command = script.commands[at]
        # a script with CRLF has the CR in its words
        if nest or not _plain(command) or "\r" in body.view.text[start:end]:
            return _PART
    drops = [_written(body, script.commands[at]) for at in chosen]
    if len(chosen) == len(script.commands):
        if any(command.lead not in ("", "&&", *_EVEN) for command in script.commands):
            return _PART
        edit = _line(document, instruction)
        return edit if isinstance(edit, str) else Removal((edit,), tuple(drops))
    edits: list[Edit] = []
    for first, last in _stretches(chosen):
        cut = _cut(document, instruction, body, script, first, last)
        if isinstance(cut, str):
            return cut
        edits.append(cut)
        if last > first:
            low, high = script.commands[first].start, script.commands[last].end
            drops.append(" ".join(body.view.text[low:high].split()))
    return Removal(tuple(edits), tuple(drops))


def without_calls(document: Document, facts: Facts, uses: Iterable[Use]) -> Removal | str:
    """Take calls of pip out of their RUNs, as `removal` does; or tell why not."""
    places: dict[int, list[int]] = {}
    for use in uses:
        program, words = use.call.program, use.call.program.command.words
        unplain = program.wrappers or "\\" in program.written or program.exec_form
        if unplain or use.onbuild or any(HOLE in word.value for word in words):
            return _PART
        places.setdefault(use.instruction, []).append(program.outer)
    edits: list[Edit] = []
    drops: list[str] = []
    for number, each in places.items():
        found = removal(document, number, facts.run(number), each)
        if isinstance(found, str):
            return found
        edits += found.edits
        drops += found.drops
    return Removal(tuple(edits), tuple(drops))


def at_hand(facts: Facts, purge: Purge) -> bool:
    """Tell whether a purge is a plain command of its RUN's own script."""
    program = purge.program
    if program.command.nest or program.wrappers not in ((), ("sudo",)):
        return False
    if "\\" in program.written or program.variables:
        return False
    return len(facts.run(purge.number).bodies) == 1


def words(
    document: Document, start: int, body: Body, taken: Sequence[tuple[int, int, int]]
) -> Removal | str:
    """Take words out of a command, each with the blanks ahead of it.

    They are the end of the word ahead, and their own start and end, in the script's text; `start`
    is where the instruction begins in the file.
    """
    merged: list[tuple[int, int, int]] = []
    for ahead, low, high in taken:
        if merged and merged[-1][2] == ahead:
            merged[-1] = (*merged[-1][:2], high)
        else:
            merged.append((ahead, low, high))
    edits, drops = [], []
    for ahead, low, high in merged:
        edit = Edit(start + body.view.after(ahead), start + body.view.after(high), "")
        if _commented(document, edit):
            return _COMMENT
        edits.append(edit)
        drops.append(" ".join(body.view.text[low:high].split()))
    return Removal(tuple(edits), tuple(drops))


def _stretches(places: Sequence[int]) -> list[tuple[int, int]]:
    """Give the first and last of each stretch of numbers that follow each other."""
    found: list[tuple[int, int]] = []
    for at in places:
        if found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def _plain(command: Command) -> bool:
    """Tell whether a command writes nothing but to nowhere, and is given nothing."""
    return not command.heredocs and all(
        each.target.value == "/dev/null" or each.operator in (">&", "<&")
        for each in command.redirects
    )


def _written(body: Body, command: Command) -> str:
    return " ".join(body.view.text[command.start : command.end].split())


def _line(document: Document, instruction: Instruction) -> Edit | str:
    """Give the edit that takes a whole instruction out, with its line."""
    text = document.text
    low = text.rfind("\n", 0, instruction.start) + 1
    high = text.find("\n", instruction.end) + 1
    above = text[text.rfind("\n", 0, max(low - 1, 0)) + 1 : low]
    if _commented(document, Edit(low, instruction.end, "")) or above.lstrip().startswith("#"):
        return _COMMENT
    if not high:  # the last line, without a newline: so is the one ahead then
        newline = newline_at(text, max(low - 1, 0))
        return Edit(max(low - len(newline), 0), len(text), "")
    below = text[high : text.find("\n", high) + 1] if text.find("\n", high) >= 0 else text[high:]
    if not above.strip() and low and not below.strip():
        low -= len(above)  # one blank line, not two
    return Edit(low, high, "")


def _cut(
    document: Document,
    instruction: Instruction,
    body: Body,
    script: Script,
    first: int,
    last: int,
) -> Edit | str:
    """Give the edit that takes a stretch of commands out of a script that has others."""
    commands, tokens, text = script.commands, script.tokens, body.view.text
    lead = commands[first].lead
    if any(commands[at].lead != "&&" for at in range(first + 1, last + 1)):
        return _PART
    low, high = commands[first].start, commands[last].end
    at = next(number for number, token in enumerate(tokens) if token.start >= low)
    behind = next((text[t.start : t.end] for t in tokens if t.start >= high), "")
    following = commands[last + 1] if last + 1 < len(commands) else None
    at_end = behind == "" or (behind == "\n" and following is None)
    if lead == "&&" and at > 1 and (at_end or behind == "&&"):
        before = tokens[ahead_of_link(text, tokens, at)]
        edit = Edit(
            instruction.start + body.view.after(before.end),
            instruction.start + body.view.after(high),
            "",
        )
    elif lead not in ("", *_EVEN):
        return _PART
    elif following is not None and following.lead == behind and not following.nest:
        if behind not in ("&&", *_EVEN) or (behind in _EVEN and "$?" in text[high:]):
            return _PART
        edit = Edit(
            instruction.start + body.view.at(low),
            instruction.start + body.view.at(following.start),
            "",
        )
    elif lead == "\n" and behind in ("", "\n") and _ends_alike(script, first, last):
        edit = Edit(
            instruction.start + body.view.at(low),
            document.text.find("\n", instruction.start + body.view.after(high)) + 1,
            "",
        )
    elif following is None:
        return _STATUS
    else:
        return _PART
    if "\n" in (lead, behind) and edit.end > edit.start:
        edit = _whole_line(document, edit)
    # a comment may stand behind a command, too
    marks = document.text.count("#", edit.start, edit.end) - text.count("#", low, high)
    return _COMMENT if marks or _commented(document, edit) else edit


def _whole_line(document: Document, edit: Edit) -> Edit:
    """Give an edit that takes a line of a heredoc with the blanks ahead of it."""
    text = document.text
    low = text.rfind("\n", 0, edit.start) + 1
    high = text.rfind("\n", 0, edit.end) + 1
    if text[low : edit.start].strip() or high <= edit.start:
        return edit
    return Edit(low, high, "")


def _ends_alike(script: Script, first: int, last: int) -> bool:
    """Tell whether the last commands of a script can go: it has ended where one ahead failed."""
    commands = script.commands
    if last != len(commands) - 1 or first < 2:
        return False
    start, ahead = commands[0], commands[first - 1]
    errexit = start.name == "set" and any(
        word.value.startswith("-") and "e" in word.value for word in start.words[1:]
    )
    return errexit and ahead.lead in _EVEN and not ahead.nest


def _commented(document: Document, edit: Edit) -> bool:
    """Tell whether an edit would take a comment along, in a Dockerfile's or a script's way."""
    if any(edit.start < comment.end and comment.start < edit.end for comment in document.comments):
        return True
    cut = document.text[edit.start : edit.end]
    return any(line.lstrip().startswith("#") for line in cut.split("\n")[1:])
