"""Commands that empty pip's cache where there is nothing in it, or nothing to be saved any more."""

from __future__ import annotations

from pipslim.facts.options import MOUNT
from pipslim.facts.purges import AROUND, OWN, POINT, purges
from pipslim.facts.silence import called, fills, loud
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.removal import at_hand, removal, words
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.known import Facts
    from pipslim.facts.purges import Purge
    from pipslim.facts.stages import StageFacts
    from pipslim.fixes.removal import Removal
    from pipslim.syntax.document import Document

_ID = "late-purge"
_BY_HAND = "remove it by hand: what is in the mount is not in the image"
_BY_MODE = "--cache mount removes it: what is in the mount is not in the image"
_CONF = r"RUN printf '[global]\nno-cache-dir = True\n\n[install]\ncompile = no\n' > /etc/pip.conf"

ABOUT = About(
    id=_ID,
    summary="pip's cache is emptied where it is empty, or where that saves nothing: remove it",
    why=(
        "What an earlier RUN left is in an earlier layer: an `rm` in a later one hides it, and "
        "the image stays as large. In the same RUN there is nothing to remove once pip keeps no "
        "cache. So an `rm` of pip's cache, or a `pip cache purge`, goes where nothing ahead of "
        "it in its stages can have left anything there: pip is silent by its settings, or by its "
        "flag where it builds nothing apart, or its cache is in a mount. A link of an `&&` chain "
        "goes, an operand of an `rm` with others, or a RUN that does nothing else; the rest runs "
        "and ends as before. An `rm` of more, such as /root/.cache, may be for other programs: "
        "it is told, and left. So is one of a mount point, which fails, or empties the cache "
        "that the mount is there to keep."
    ),
    price="None. A purge in a later RUN saves no byte, so nothing is saved by removing it either.",
    before=(
        f"FROM python:3.12-slim\n{_CONF}\n"
        "RUN pip install flask && rm -rf /root/.cache/pip\nRUN rm -rf ~/.cache/pip\n"
    ),
    after=f"FROM python:3.12-slim\n{_CONF}\nRUN pip install flask\n",
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each purge of pip's cache that is for nothing, or fails."""
    for stage in facts.stages.all:
        found = purges(facts, stage)
        for number in dict.fromkeys([purge.number for purge in found]):
            may_go: list[Purge] = []
            for purge in found:
                if purge.number != number:
                    continue
                if purge.mount:
                    if facts.options.cache == MOUNT and purge.alone:
                        may_go.append(purge)
                    else:
                        found_here = _finding(purge, _of_a_mount(purge))
                        yield found_here._replace(why_not=_BY_MODE if purge.alone else _BY_HAND)
                    continue
                held = _held(document, facts, stage, purge)
                if held is not None:
                    yield held
                elif _goes(facts, stage, purge):
                    may_go.append(purge)
            if may_go:
                yield from _gone(document, facts, stage, may_go)


def _of_a_mount(purge: Purge) -> str:
    """Tell what is wrong with a purge that meets a cache mount."""
    if purge.mount == POINT:
        return f"{_command(purge)} fails: a mount point cannot be removed"
    return f"{_command(purge)} empties the cache mount: the next build downloads all again"


def _held(document: Document, facts: Facts, stage: StageFacts, purge: Purge) -> Finding | None:
    """Give the finding for a purge that saves nothing and yet is to stay, with the reason."""
    start = purge.span[0]
    if not called(facts, stage, purge.number, start):
        return None
    cause = loud(facts, stage, purge.number, start)
    late = not fills(facts, stage, purge.number, start)
    if cause is not None and not late:
        return None  # it removes what its own RUN leaves
    found = _finding(purge, _message(purge, late=late))
    around = next((aim for aim in purge.aims if aim.reach == AROUND), None)
    if around is not None:
        return found._replace(why_not=f"{around.path} may hold caches of other programs too")
    if cause is None:
        return None
    refers = document.instructions[cause.number].start
    return found._replace(why_not=f"line {{line}} {cause.why}", refers=refers)


def _goes(facts: Facts, stage: StageFacts, purge: Purge) -> bool:
    """Tell whether nothing can be there that a purge would remove."""
    start = purge.span[0]
    if not called(facts, stage, purge.number, start):
        return False
    return loud(facts, stage, purge.number, start) is None


def _gone(
    document: Document, facts: Facts, stage: StageFacts, group: Sequence[Purge]
) -> Iterator[Finding]:
    """Give the findings for the purges of one RUN that may go: together, or each by itself."""
    number = group[0].number
    whole: list[Purge] = []
    for each in group:
        late = not fills(facts, stage, number, each.span[0])
        found = _finding(each, _message(each, late=late))
        if each.program.exec_form:
            yield found._replace(why_not="an exec form is left as it is")
        elif not at_hand(facts, each):
            yield found._replace(why_not="it is no plain link of its chain")
        elif each.alone:
            whole.append(each)
        else:
            yield _fixed(found, _operands(document, each), "remove what is pip's")
    if not whole:
        return
    run = facts.run(number)
    together = removal(document, number, run, [each.program.outer for each in whole])
    if not isinstance(together, str):
        late = not fills(facts, stage, number, whole[-1].span[0])
        found = _finding(whole[0], _message(whole[0], late=late))
        span = Span(whole[0].span[0], whole[-1].span[1])
        title = "remove it" if len(whole) == 1 else "remove them"
        yield _fixed(found._replace(span=span), together, title)
        return
    for each in whole:
        late = not fills(facts, stage, number, each.span[0])
        alone = removal(document, number, run, [each.program.outer])
        yield _fixed(_finding(each, _message(each, late=late)), alone, "remove it")


def _operands(document: Document, purge: Purge) -> Removal | str:
    """Take the operands that are pip's out of an `rm` of more."""
    named = purge.program.words
    own = {aim.word.start for aim in purge.aims if aim.reach == OWN}
    taken = [
        (named[at - 1].end, word.start, word.end)
        for at, word in enumerate(named)
        if word.start in own
    ]
    return words(document, purge.start, purge.body, taken)


def _fixed(found: Finding, how: Removal | str, title: str) -> Finding:
    if isinstance(how, str):
        return found._replace(why_not=how)
    # the second as it stood ahead of strict-purge, whose -f goes with it
    drops = [way for each in how.drops for way in (each, each.replace("rm -f ", "rm ", 1))]
    return found._replace(fix=Fix(title, Safety.SAFE, how.edits, (), tuple(dict.fromkeys(drops))))


def _finding(purge: Purge, message: str) -> Finding:
    return Finding(_ID, Span(*purge.span), message)


def _command(purge: Purge) -> str:
    if purge.call is not None:
        return f"`{purge.call.spelling} cache purge`"
    paths = [aim.path for aim in purge.aims if aim.reach in (OWN, AROUND)]
    return f"`rm` of {' and '.join(paths)}"


def _message(purge: Purge, *, late: bool) -> str:
    if purge.mount:
        return _of_a_mount(purge)
    if not late and any(aim.reach == AROUND for aim in purge.aims):
        return f"{_command(purge)} has nothing of pip's to remove, where that leaves no cache"
    if late:
        return f"{_command(purge)} in a later RUN saves nothing: earlier layers keep what they have"
    return f"{_command(purge)} has nothing to remove where pip leaves no cache"
