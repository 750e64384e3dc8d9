"""A further command behind one of a chain, linked and laid out as the chain is."""

from __future__ import annotations

from pipslim.syntax.edits import Edit
from pipslim.syntax.script import Script
from pipslim.syntax.source import newline_at
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body
    from pipslim.syntax.document import Document
    from pipslim.syntax.script import Command, Word
    from pipslim.syntax.source import View

_ENDS = (";", "\n")
_LINKS = ("&&", *_ENDS)
# how a file continues a chain: with the operator at the end of a line, or at the start of one
_CONTINUED = lazy(r"&&[ \t]*[\\`][ \t]*\r?\n|[\\`][ \t]*\r?\n[ \t]*&&")
_TRAILING = lazy(r"[ \t]+(?=\r?\n)")
_PLAIN = lazy(r"[\w./~ -]+")  # the same in every kind of quotes, and in none


class _Place(NamedTuple):
    """A command in the script that it is a part of, and that script in the file.

    `start` is where the instruction begins; `body` and `view` lead there, `view` from the script.
    """

    document: Document
    start: int
    body: Body
    view: View
    script: Script
    command: Command

    def at(self, offset: int) -> int:
        """Give the place in the file of a character of the script."""
        return self.start + self.body.view.at(self.view.at(offset))

    def after(self, offset: int) -> int:
        """Give the place in the file right behind the character ahead of `offset`."""
        return self.at(offset - 1) + 1


def behind(document: Document, start: int, body: Body, program: Program, added: str) -> Edit | None:
    """Give the edit that puts a command right behind a program's, to run only if that succeeds.

    It is linked by what follows there (`&&`, `;` or a newline). Where nothing does, it is by `&&`,
    so that the chain still fails if that command fails; under `set -e`, by what stands ahead of it.
    None where the command may fail or be left out without ending the chain (behind `||` or `!`,
    ahead of `||`, `|` or `&`), or stands in a construct. A script inside a word, as of `bash -c`,
    is taken for itself. `start` is where the instruction begins in the file.
    """
    place = _place(document, start, body, program, added)
    if place is None:
        return None
    command, tokens, text = place.command, place.script.tokens, place.view.text
    if command.nest or command.heredocs or command.lead in ("||", "!", "|&"):
        return None
    at = next((i for i, token in enumerate(tokens) if token.start >= command.end), len(tokens))
    end = place.after(command.end)
    rest = [text[token.start : token.end] for token in tokens[at:]]
    if all(token in _ENDS for token in rest):
        return Edit(end, end, _last(place) + added)
    if rest[0] not in _LINKS:
        return None
    if rest[0] == "\n":
        seam = newline_at(document.text, end) + _indent(place)
    else:  # a comment behind the link ends its line, and that is a token, too
        behind_it = next(n for n, token in enumerate(rest) if n and token != "\n")
        seam = _plain(document.text[end : place.at(tokens[at + behind_it].start)])
    return Edit(end, end, seam + added)


def _place(
    document: Document, start: int, body: Body, program: Program, added: str
) -> _Place | None:
    """Find the script that a program's command is a part of, itself or inside a word of it."""
    script, view = body.reading.script, program.view
    if not isinstance(script, Script) or body.exec_form or "\r" in body.view.text:
        return None
    nested = next((tree for inner, tree in body.reading.nested if inner is view), None)
    if nested is None:
        return _Place(document, start, body, view, script, program.command)
    if not isinstance(nested, Script) or not _PLAIN.fullmatch(added):
        return None
    found = [each for each in nested.commands if each.start == program.command.start]
    return _Place(document, start, body, view, nested, found[0]) if found else None


def _plain(seam: str) -> str:
    """Leave the comments and blank lines out of what stands between two commands."""
    if "\n" not in seam:
        return seam
    first, *rest, last = seam.split("\n")
    kept = [line for line in rest if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join([first, *kept, last])


def _last(place: _Place) -> str:
    """Give what links a command to the last one of a script."""
    text, document, command = place.document.text, place.document, place.command
    start, end = place.at(command.start), place.after(command.end)
    ahead = [token for token in place.script.tokens if token.end <= command.start]
    if command.lead == "\n" and _stops(place):
        return newline_at(text, end) + _indent(place)
    if command.lead == "&&" or (command.lead == ";" and _stops(place)):
        before = ahead[ahead_of_link(place.view.text, ahead, len(ahead))]
        seam = _plain(text[place.after(before.end) : start])
        if "\n" in seam or command.lead == ";":
            return _TRAILING.sub("", seam)
    if "\n" not in text[start:end] or command.lead == "\n":
        return " && "
    # the lines of the command itself show how far in the next one stands
    blanks = text[text.rfind("\n", start, end) + 1 : end]
    blanks = blanks[: len(blanks) - len(blanks.lstrip(" \t"))] or "    "
    newline = f"{document.escape}{newline_at(text, end)}{blanks}"
    style = _CONTINUED.search(text)
    if style is not None and style[0].startswith("&&"):
        return f" && {newline}"
    return f" {newline}&& "


def ahead_of_link(text: str, tokens: Sequence[Word], at: int) -> int:
    """Give the number of the token ahead of a command's link; the command's first is `at`.

    Lines may follow a link such as `&&`, and their ends are tokens, too.
    """
    link = at - 1
    while text[tokens[link].start : tokens[link].end] == "\n":
        link -= 1
    return link - 1


def _indent(place: _Place) -> str:
    """Give the blanks ahead of the line on which a command begins."""
    text, start = place.document.text, place.at(place.command.start)
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _stops(place: _Place) -> bool:
    """Tell whether a script said, ahead of a command, that it stops at the first failure."""
    for each in place.script.commands:
        if each.start >= place.command.start:
            break
        if each.name == "set" and not each.nest and each.lead not in ("||", "|"):
            words = [word.value for word in each.words[1:]]
            if "errexit" in words or any(w[:1] == "-" and "e" in w for w in words):
                return True
    return False
