"""Words of a call: one put in, or some taken out."""

from __future__ import annotations

from pipslim.facts.flag import FLAG
from pipslim.facts.pipcalls import is_python
from pipslim.fixes.layout import option_behind
from pipslim.syntax.edits import Edit
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipslim.facts.pips import Use
    from pipslim.facts.programs import Program
    from pipslim.syntax.document import Document
    from pipslim.syntax.script import Word

STAYS = "the flag is not taken out of Python"
UNSURE = "how the flag would have to be written there is not sure"


def added(document: Document, use: Use) -> tuple[Edit, ...]:
    """Give the edits that put the flag right behind a call's subcommand.

    No edits where it is not sure how it has to be written: in a list of a script in Python.
    """
    program = use.call.program
    if program.listed:
        from pipslim.fixes.listed import in_list

        return in_list(document, use)
    return (option_behind(document, use.span(), FLAG, exec_form=program.exec_form),)


def without_words(
    document: Document, program: Program, after: Callable[[Word], int], words: Iterable[Word]
) -> list[Edit] | None:
    """Give the edits that take words out of a program's, each with the blanks ahead of it.

    `after` gives the file offset behind a word. None where a comment stands in between,
    and in a script in Python.
    """
    edits: list[Edit] = []
    every = program.words
    for word in words:
        if in_python(program):
            return None
        ahead = every[every.index(word) - 1]
        start, end = after(ahead), after(word)
        if any(start < comment.start < end for comment in document.comments):
            return None
        if edits and edits[-1].end == start:
            edits[-1] = edits[-1]._replace(end=end)
        else:
            edits.append(Edit(start, end, ""))
    return edits


def in_python(program: Program) -> bool:
    """Tell whether a program stands in a script in Python, as a list or in one for a shell."""
    return any(is_python(wrapper.partition(" ")[0]) for wrapper in program.wrappers)


def as_written(program: Program, words: Iterable[Word]) -> tuple[str, ...]:
    """Give words of a program as they are written; of an exec form, without their quotes."""
    if program.exec_form:
        return tuple(word.value for word in words)
    return tuple(program.view.text[word.start : word.end] for word in words)
