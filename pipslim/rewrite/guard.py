"""The proof that a rewrite changed only what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipslim.facts.environment import Environments
from pipslim.syntax.parser import inner
from pipslim.syntax.shell import Opaque, Script
from pipslim.syntax.source import BOM
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.known import Facts
    from pipslim.facts.runs import Body
    from pipslim.syntax.document import Document, Instruction
    from pipslim.syntax.edits import Patch
    from pipslim.syntax.source import View

_MAY_BE_NEW = frozenset(("RUN", "ENV"))
_MAY_BE_EDITED = frozenset(("RUN", "ENV", "ONBUILD"))


class Broken(NamedTuple):
    """A rule that a rewrite breaks: its name, the place in the rewritten text, and how."""

    rule: str
    offset: int
    reason: str


class _Sides(NamedTuple):
    """Both documents, with the instructions of each that an edit touched, and the new ones."""

    before: Facts
    after: Facts
    touched_before: frozenset[int]
    touched_after: frozenset[int]
    new: frozenset[int]


def prove(before: Facts, after: Facts, patch: Patch, adds: frozenset[str]) -> Broken | None:
    """Check a rewrite: give the first rule that it breaks, or None.

    `patch` leads from the text of `before` to that of `after`; `adds` are the variables that were
    added on purpose. The rules: the result is a Dockerfile (`valid`); instructions that no edit
    names are the same bytes in the same order and stage (`untouched`); each edited RUN without
    the inserted words is the same commands (`commands`); the environment is the same before every
    instruction (`environment`); comments, newlines, byte order mark and final newline are kept
    (`comments`, `form`). Raises `environment.Unexpandable` where `before` has no environment.
    """
    invalid = check(after.document)
    if invalid is not None:
        return Broken("valid", invalid.offset, invalid.reason)
    sides = _sides(before, after, patch)
    return (
        _untouched(sides)
        or _commands(sides, patch)
        or _environment(sides, adds)
        or _comments(before.document, after.document)
        or _form(before.document.text, after.document.text)
    )


def _sides(before: Facts, after: Facts, patch: Patch) -> _Sides:
    edits = patch.edits()
    touched_before: set[int] = set()
    at = 0
    for number, instruction in enumerate(before.document.instructions):
        while at < len(edits) and edits[at].end < instruction.start:
            at += 1
        for edit in edits[at : at + 1]:
            if edit.start <= instruction.end and not (
                # a line of its own, right ahead of the instruction
                edit.start == edit.end == instruction.start and edit.text.endswith("\n")
            ):
                touched_before.add(number)
        ahead = at + 1
        while ahead < len(edits) and edits[ahead].start <= instruction.end:
            touched_before.add(number)
            ahead += 1
    touched_after: set[int] = set()
    new: set[int] = set()
    pieces = patch.pieces
    at = 0
    for number, instruction in enumerate(after.document.instructions):
        while at + 1 < len(pieces) and pieces[at + 1].start <= instruction.start:
            at += 1
        piece = pieces[at]
        if piece.origin < 0:
            new.add(number)
        elif instruction.end > piece.start + len(piece.text) or (
            instruction.end == piece.start + len(piece.text) and at + 1 < len(pieces)
        ):
            touched_after.add(number)
    return _Sides(
        before, after, frozenset(touched_before), frozenset(touched_after), frozenset(new)
    )


def _untouched(sides: _Sides) -> Broken | None:
    """Compare the instructions that no edit names, and see what kinds were edited or added."""
    old = _kept(sides.before.document, sides.touched_before)
    now = _kept(sides.after.document, sides.touched_after | sides.new)
    for (_, raw, stage), (number, raw_now, stage_now) in zip(old, now, strict=False):
        if raw != raw_now or stage != stage_now:
            return _broken(sides, "untouched", number, "an instruction that no edit names changed")
    if len(old) != len(now):
        number = now[-1][0] if now else 0
        return _broken(sides, "untouched", number, "instructions were lost, split or joined")
    for number in sorted(sides.new | sides.touched_after):
        keyword = sides.after.document.instructions[number].keyword
        allowed = _MAY_BE_NEW if number in sides.new else _MAY_BE_EDITED
        if keyword not in allowed:
            return _broken(sides, "untouched", number, f"a {keyword} was edited or added")
    return None


def _kept(document: Document, without: frozenset[int]) -> list[tuple[int, str, int]]:
    stages = [stage.first for stage in document.stages]
    found: list[tuple[int, str, int]] = []
    stage = -1
    for number, instruction in enumerate(document.instructions):
        if stage + 1 < len(stages) and number >= stages[stage + 1]:
            stage += 1
        if number not in without:
            found.append((number, document.text[instruction.start : instruction.end], stage))
    return found


def _broken(sides: _Sides, rule: str, number: int, reason: str) -> Broken:
    return Broken(rule, sides.after.document.instructions[number].start, reason)


# -- commands --------------------------------------------------------------------------------------


def _commands(sides: _Sides, patch: Patch) -> Broken | None:
    """Compare each edited RUN with what it was, word by word."""
    old = _runs(sides.before.document, sides.touched_before)
    now = _runs(sides.after.document, sides.touched_after)
    for number in sorted(sides.new):
        if sides.after.document.instructions[number].keyword == "RUN":
            run = sides.after.run(number)
            if run.unread or not run.bodies:
                return _broken(sides, "commands", number, "a new RUN that cannot be read")
    if len(old) != len(now):
        offset = sides.after.document.instructions[now[-1] if now else 0].start
        return Broken("commands", offset, "a RUN was lost or split")
    if not old:
        return None
    removed = [(edit.start, edit.end) for edit in patch.edits() if edit.end > edit.start]
    inserted = [
        (piece.start, piece.start + len(piece.text)) for piece in patch.pieces if piece.origin < 0
    ]
    for first, second in zip(old, now, strict=True):
        reason = _compare(sides, first, second, removed, inserted)
        if reason:
            return _broken(sides, "commands", second, reason)
    return None


def _runs(document: Document, numbers: frozenset[int]) -> list[int]:
    return [
        number
        for number in sorted(numbers)
        if document.instructions[number].keyword in ("RUN", "ONBUILD")
    ]


def _compare(
    sides: _Sides,
    first: int,
    second: int,
    removed: list[tuple[int, int]],
    inserted: list[tuple[int, int]],
) -> str:
    old, now = sides.before.document.instructions[first], sides.after.document.instructions[second]
    if inner(old)[0] != "RUN" or inner(now)[0] != "RUN":
        return "an ONBUILD of another kind was edited"
    was, run = sides.before.run(first), sides.after.run(second)
    if len(was.bodies) != len(run.bodies) or len(was.unread) != len(run.unread):
        return "it runs more or fewer scripts than before"
    if _head(old, was.bodies) != _head(now, run.bodies):
        return "its flags changed"
    if [h[:3] for h in old.heredocs] != [h[:3] for h in now.heredocs]:
        return "its heredocs changed"
    for body, other in zip(was.bodies, run.bodies, strict=True):
        levels, others = _levels(body, old.start), _levels(other, now.start)
        if len(levels) != len(others):
            return "a script inside it was lost or added"
        nested = [view for view, _ in others[1:]]
        for depth, ((view, script), (view_now, script_now)) in enumerate(
            zip(levels, others, strict=True)
        ):
            words = _words(view, script, removed, ())
            scripts = [_extent(each) for each in nested[depth:]]
            words_now = _words(view_now, script_now, inserted, scripts)
            if words is None or words_now is None or words != words_now:
                return "its commands are not those of before with words added"
            if not _links_alike(view_now, script_now, inserted):
                return "an added command is not linked as the one behind it"
    return ""


def _head(instruction: Instruction, bodies: Sequence[Body]) -> str:
    """Give the logical text ahead of the first script: keyword and flags."""
    text = instruction.view.text
    if not bodies or bodies[0].exec_form or not text.endswith(bodies[0].view.text):
        return text[: instruction.args]
    return text[: len(text) - len(bodies[0].view.text)]


def _levels(body: Body, origin: int) -> list[tuple[View, Script | Opaque]]:
    """Give a script and those inside it, each with its view into the file."""
    outer = body.view._replace(
        segments=tuple((at, origin + offset, n) for at, offset, n in body.view.segments)
    )
    found = [(outer, body.reading.script)]
    for view, script in body.reading.nested:
        segments: list[tuple[int, int, int]] = []
        for start, offset, length in view.segments:
            part = outer.part(offset, offset + length)
            segments.extend((start + s, o, n) for s, o, n in part.segments)
        found.append((view._replace(segments=tuple(segments)), script))
    return found


def _extent(view: View) -> tuple[int, int]:
    return view.at(0), view.after(len(view.text))


def _words(
    view: View,
    script: Script | Opaque,
    cut: Sequence[tuple[int, int]],
    inner: Sequence[tuple[int, int]],
) -> list[str] | None:
    """Give the texts of a script's tokens without those that lie whole in `cut`.

    A token that is partly cut gives None, unless the cut lies in one of the scripts `inner`, which
    are compared by themselves: it is given without what is cut.
    """
    text = view.text
    cuts = [part for low, high in cut for part in view.covered(low, high)]
    if isinstance(script, Opaque):
        return [_without(text, 0, len(text), cuts)]
    if not cuts:
        return [text[start:end] for start, end in script.tokens]
    within = [part for low, high in inner for part in view.covered(low, high)]
    first, last = cuts[0][0], cuts[-1][1]
    found: list[str] = []
    for start, end in script.tokens:
        if end <= first or start >= last:
            found.append(text[start:end])
            continue
        touching = [part for part in cuts if part[0] < end and part[1] > start]
        if any(low <= start and high >= end for low, high in touching):
            continue
        for low, high in touching:
            if not any(i <= low and high <= j for i, j in within):
                return None
        found.append(_without(text, start, end, touching))
    return found


_LINKS = frozenset(("&&", "||", ";", "|", "&", "\n"))


def _links_alike(view: View, script: Script | Opaque, inserted: Sequence[tuple[int, int]]) -> bool:
    """Tell whether commands put into a chain are linked by the operator that stood there.

    An `&&` behind a command that ended in `;` would take it out of `set -e`.
    """
    cuts = [part for low, high in inserted for part in view.covered(low, high)]
    if not cuts or isinstance(script, Opaque):
        return True
    text = view.text
    added = ""
    for start, end in sorted(script.tokens):
        if any(low <= start and end <= high for low, high in cuts):
            added = added or text[start:end]
        else:
            if added in _LINKS and text[start:end] != added:
                return False
            added = ""
    return True


def _without(text: str, start: int, end: int, cuts: Sequence[tuple[int, int]]) -> str:
    """Give `text[start:end]` without the ranges `cuts`, which are in order."""
    parts: list[str] = []
    for low, high in cuts:
        parts.append(text[start : max(start, low)])
        start = max(start, min(high, end))
    parts.append(text[start:end])
    return "".join(parts)


# -- environment, comments, form -------------------------------------------------------------------


def _environment(sides: _Sides, adds: frozenset[str]) -> Broken | None:
    """Compare what every variable is before each instruction, in two different worlds.

    In one, build arguments without default and variables of base images are unset; in the other
    each has a value of its own, so that a value which came by another way shows.
    """
    before, after = sides.before.document, sides.after.document
    if not any(
        document.instructions[number].keyword == "ENV"
        for document, numbers in (
            (before, sides.touched_before),
            (after, sides.touched_after | sides.new),
        )
        for number in numbers
    ):
        return None  # the same ENV, ARG and FROM in the same order
    old = [n for n, i in enumerate(before.instructions) if i.keyword != "ENV"]
    now = [n for n, i in enumerate(after.instructions) if i.keyword != "ENV" and n not in sides.new]
    if len(old) != len(now):
        return Broken("environment", 0, "instructions were lost or added")
    places = list(zip(old, now, strict=True))
    places.append((len(before.instructions), len(after.instructions)))
    number = _first_difference(Environments(before), Environments(after), places, adds)
    if number is None and _refers(before):
        assumed = {name: f"\u27e8{name}\u27e9" for name in _names(before) - adds}
        number = _first_difference(
            Environments(before, assumed, "\u27e8"),
            Environments(after, assumed, "\u27e8"),
            places,
            adds,
        )
    if number is None:
        return None
    number = min(number, len(after.instructions) - 1)
    return _broken(sides, "environment", number, "a variable has another value here")


def _first_difference(
    before: Environments, after: Environments, places: list[tuple[int, int]], adds: frozenset[str]
) -> int | None:
    """Give the first place, in `after`, where a variable differs that was not added on purpose."""
    was, now = before.replay(), after.replay()
    upcoming, upcoming_now = was.upcoming, now.upcoming
    for first, second in places:
        if first <= upcoming and second <= upcoming_now:
            continue
        changed = was.to(first) | now.to(second)
        upcoming, upcoming_now = was.upcoming, now.upcoming
        for name in changed:
            if was.env.get(name) != now.env.get(name) or was.names.get(name) != now.names.get(name):
                if name not in adds or name in was.names:
                    return second
    return None


def _refers(document: Document) -> bool:
    """Tell whether a setting of a document refers to a variable."""
    return any(
        instruction.keyword in ("ENV", "ARG") and "$" in instruction.view.text
        for instruction in document.instructions
    )


def _names(document: Document) -> frozenset[str]:
    """Give every word that could be the name of a variable in a document's settings."""
    found: set[str] = set()
    for instruction in document.instructions:
        if instruction.keyword in ("ENV", "ARG", "FROM"):
            word = "".join(c if c.isalnum() or c == "_" else " " for c in instruction.view.text)
            found.update(word.split())
    return frozenset(found)


def _comments(before: Document, after: Document) -> Broken | None:
    old = [before.text[comment.start : comment.end] for comment in before.comments]
    now = [after.text[comment.start : comment.end] for comment in after.comments]
    if old != now:
        offset = next(
            (
                c.start
                for c, text in zip(after.comments, old, strict=False)
                if after.text[c.start : c.end] != text
            ),
            0,
        )
        return Broken("comments", offset, "a comment was lost, changed or added")
    return None


def _form(before: str, after: str) -> Broken | None:
    """Compare newline styles, byte order mark and the end of the file."""
    if before.startswith(BOM) != after.startswith(BOM):
        return Broken("form", 0, "the byte order mark was lost or added")
    if before.endswith("\n") != after.endswith("\n"):
        return Broken("form", len(after), "the newline at the end was lost or added")
    crlf, lines = before.count("\r\n"), before.count("\n")
    crlf_now, lines_now = after.count("\r\n"), after.count("\n")
    if (not crlf and crlf_now) or (lines and crlf == lines and crlf_now != lines_now):
        return Broken("form", 0, "another style of newline came in")
    return None
