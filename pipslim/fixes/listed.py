"""The flag as an element of a list in Python, set and quoted as the subcommand ahead of it is."""

from __future__ import annotations

import ast
import re

from pipslim.facts.flag import FLAG
from pipslim.facts.programs import read, read_exec
from pipslim.facts.python.given import followed
from pipslim.facts.python.source import parsed
from pipslim.syntax.edits import Edit, apply
from pipslim.syntax.forms import json_strings
from pipslim.syntax.script import Python, Script
from pipslim.syntax.source import View
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.pips import Use
    from pipslim.facts.programs import Reading
    from pipslim.facts.runs import Body
    from pipslim.syntax.document import Document

# a literal as it is written in the file: its quotes, perhaps behind backslashes, and a text
_WRITTEN = re.compile(r"([rRuU]?)(\\*(?:'''|\"\"\"|'|\"))([\w-]+)(\\*(?:'''|\"\"\"|'|\"))")
# what of the file may stand ahead of it and is not of the script: continued lines, their comments
_AHEAD = re.compile(r"(?:\\[ \t]*\r?\n|[ \t\r\n]|(?<=\n)#[^\n]*\n)*")
_LAST = re.compile(r",?\s*[\])]")
_CLOSE = re.compile(r",[^ \t\n]")  # no blank is set there
_OPENS = ("<<", "<<-")
_REST = re.compile(r"[ \t]*(,?)[ \t]*(#[^\n]*)?(?=\n|$)")


class _Put(NamedTuple):
    """What is put behind a character of a script: what goes ahead of the flag, and behind it.

    `line` tells that the flag has a line of its own; with `flag` false it is the comma alone.
    """

    at: int
    ahead: str
    line: bool = False
    behind: str = ""
    flag: bool = True


def in_list(document: Document, use: Use) -> tuple[Edit, ...]:
    """Give the edits that put the flag behind a call's subcommand; none where they are not sure.

    The list, read anew, has the flag as one element more, and all else is the same.
    """
    call = use.call
    anchor, text = call.anchor, call.program.view.text
    written = _written(document, use)
    if not written:
        return ()
    literal = text[anchor.start : anchor.end].replace(anchor.value, FLAG)
    margins = _margins(document, use)
    for layout in _layouts(text, anchor.start, anchor.end, own_line=margins is not None):
        margin, inner_margin = margins or ("", "")
        edits, inner = [], []
        for put in layout:
            place = use.start + call.place(put.at - 1) + 1
            edits.append(Edit(place, place, _made(put, margin, written)))
            inner.append(Edit(put.at, put.at, _made(put, inner_margin, literal)))
        now = apply(text, inner)
        if _one_more(text, now, anchor.end) and _reads_as(use, edits, now, written == literal):
            return tuple(edits)
    return ()


def _made(put: _Put, margin: str, flag: str) -> str:
    return put.ahead + (f"\n{margin}" if put.line else "") + (flag if put.flag else "") + put.behind


def _layouts(text: str, start: int, end: int, *, own_line: bool) -> Iterator[tuple[_Put, ...]]:
    """Give the ways to put an element behind that at `start` to `end`, the best one first."""
    rest = _REST.match(text, end)
    if own_line and rest is not None:
        if rest[1]:
            yield (_Put(rest.end(), "", True, ","),)
        elif rest[2]:
            yield (_Put(end, ",", flag=False), _Put(rest.end(), "", True))
        else:
            yield (_Put(end, ",", True),)
    last = _LAST.match(text, end) is not None
    close = text[:start].endswith(",") if last else _CLOSE.match(text, end) is not None
    yield (_Put(end, "," if close else ", "),)


def _margins(document: Document, use: Use) -> tuple[str, str] | None:
    """Give what stands ahead of the subcommand on its line, in the file and in the script.

    None where that is the first line, or anything but blanks.
    """
    start, text = use.call.anchor.start, use.call.program.view.text
    line = text.rfind("\n", 0, start) + 1
    place = use.start + use.call.place(start)
    margin = document.text[document.text.rfind("\n", 0, place) + 1 : place]
    inner = text[line:start]
    return (margin, inner) if line and not inner.strip() and not margin.strip() else None


def _written(document: Document, use: Use) -> str:
    """Give the flag as the file has to have it: as the subcommand is written, quotes and all."""
    call = use.call
    start = call.anchor.start
    before = use.start + (call.place(start - 1) + 1 if start else call.place(0))
    raw = document.text[before : use.after(call.anchor)]
    ahead = _AHEAD.match(raw)
    match = _WRITTEN.fullmatch(raw, ahead.end() if ahead is not None else 0)
    if match is None or match[2] != match[4] or match[3] != call.anchor.value:
        return ""
    return f"{match[1]}{match[2]}{FLAG}{match[4]}"


# -- the proof that it is one element more ---------------------------------------------------------


def _one_more(old: str, now: str, behind: int) -> bool:
    """Tell whether a script is what it was but for the flag as an element behind an offset."""
    before, after = parsed(old), parsed(now)
    if isinstance(before, str) or isinstance(after, str):
        return False
    found = 0
    for node in ast.walk(after.tree):
        if isinstance(node, (ast.List, ast.Tuple)):
            for at in range(1, len(node.elts)):
                ends = after.span(node.elts[at - 1])[1]
                element = node.elts[at]
                if ends == behind and isinstance(element, ast.Constant) and element.value == FLAG:
                    del node.elts[at]
                    found += 1
                    break
    return found == 1 and ast.dump(before.tree) == ast.dump(after.tree)


def _reads_as(use: Use, edits: list[Edit], expected: str, plain: bool) -> bool:
    """Tell whether the script around, with the edits, gives Python the expected text."""
    body, view = use.call.body, use.call.program.view
    script = body.reading.script
    if isinstance(script, Script) and len(script.tokens) == 1 and not script.tokens[0].value:
        return plain  # it is the script in Python: what is put in has nothing that a shell reads
    inside = []
    for edit in edits:
        ahead = edit.start - use.start - 1
        found = body.view.covered(ahead, ahead + 1)
        if not found:
            return False
        inside.append(Edit(found[0][1], found[0][1], edit.text))
    nested = _again(body, apply(body.view.text, inside)).nested
    number = next(n for n, (each, _) in enumerate(body.reading.nested) if each is view)
    if len(nested) != len(body.reading.nested):
        return False
    inner = nested[number][1]
    return isinstance(inner, Python) and inner.text == expected


def _again(body: Body, text: str) -> Reading:
    """Read the text of a body, which was edited, as it was read."""
    script = body.reading.script
    commands = script.commands if isinstance(script, Script) else ()
    if body.exec_form:
        strings = json_strings(text, text.rfind("[", 0, commands[0].start))
        reading = read_exec(text, strings or ())
    else:  # the builder has taken the heredocs' bodies, where there are any
        opened = [each for each in commands if any(r.operator in _OPENS for r in each.redirects)]
        taken = [each for each in opened if not each.heredocs]
        reading = read(text, not taken)
    again = body._replace(view=View(text, ((0, 0, len(text)),)), reading=reading)
    return followed(again).reading
