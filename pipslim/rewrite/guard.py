"""The proof that a rewrite changed only what it said."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from pipslim.facts.environment import Environments
from pipslim.rewrite.commands import Side, differs
from pipslim.syntax.edits import Edit
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.source import BOM
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

_NAME = lazy(r"\w+")
_MAY_BE_NEW = frozenset(("RUN", "ENV"))
_MAY_BE_EDITED = frozenset(("RUN", "ENV", "ONBUILD"))


class Broken(NamedTuple):
    """A rule that a rewrite breaks: its name, the place in the rewritten text, and how."""

    rule: str
    offset: int
    reason: str


class _Sides(NamedTuple):
    """Both documents, with the instructions of each that an edit touched, and the new ones.

    `removed` and `inserted` are ranges of the text before and after, in order.
    """

    before: Facts
    after: Facts
    removed: list[tuple[int, int]]
    inserted: list[tuple[int, int]]
    touched_before: frozenset[int]
    touched_after: frozenset[int]
    new: frozenset[int]


def prove(
    before: Facts,
    after: Facts,
    edits: Sequence[Edit],
    adds: frozenset[str] = frozenset(),
    drops: frozenset[str] = frozenset(),
) -> Broken | None:
    """Check a rewrite: give the first rule that it breaks, or None.

    `edits` lead from the text of `before` to that of `after`, in order. `adds` are the variables
    added on purpose, `drops` the commands removed on purpose. The rules: the result is a Dockerfile
    (`valid`) with the same directives; instructions that no edit names are the same bytes in the
    same order and stage (`untouched`); each edited RUN without the inserted words is the same
    commands (`commands`); the environment is the same before every instruction (`environment`);
    comments, newlines, byte order mark and final newline are kept (`comments`, `form`). Raises
    `environment.Unexpandable` where `before` has no environment.
    """
    invalid = check(after.document)
    if invalid is not None:
        return Broken("valid", invalid.offset, invalid.reason)
    if before.document.directives != after.document.directives:
        return Broken("valid", 0, "a parser directive was lost, changed or added")
    sides = _sides(before, after, edits)
    return (
        _untouched(sides)
        or _comments(before.document, after.document)
        or _commands(sides, drops)
        or _environment(sides, adds)
        or _form(before.document.text, after.document.text)
    )


def _sides(before: Facts, after: Facts, edits: Sequence[Edit]) -> _Sides:
    old, now = before.document, after.document
    starts = [instruction.start for instruction in old.instructions]
    starts_now = [instruction.start for instruction in now.instructions]
    removed: list[tuple[int, int]] = []
    inserted: list[tuple[int, int]] = []
    touched: set[int] = set()
    touched_now: set[int] = set()
    new: set[int] = set()
    shift = 0
    for edit in edits:
        start, end, text = _trimmed(edit, old.text) if edit.start < edit.end else edit
        low, high = start + shift, start + shift + len(text)
        shift += len(text) - (end - start)
        lines = start == end and text.endswith("\n")
        _touched(old, starts, start, end, lines, touched)
        _touched(now, starts_now, low, high, lines, touched_now)
        if start < end:
            removed.append((start, end))
        if text:
            inserted.append((low, high))
            new.update(range(bisect_left(starts_now, low), bisect_left(starts_now, high)))
    return _Sides(
        before,
        after,
        removed,
        inserted,
        frozenset(touched),
        frozenset(touched_now - new),
        frozenset(new),
    )


# What links commands and continues lines: an edit may put the same back beside what it changes.
_SEAM = frozenset(" \t\r\n\\`&|;")


def _trimmed(edit: Edit, source: str) -> Edit:
    """Give an edit without the seams that it puts back as they were."""
    start, end, text = edit
    while start < end and text and source[start] == text[0] and text[0] in _SEAM:
        start, text = start + 1, text[1:]
    while start < end and text and source[end - 1] == text[-1] and text[-1] in _SEAM:
        end, text = end - 1, text[:-1]
    return Edit(start, end, text)


def _touched(
    document: Document, starts: list[int], low: int, high: int, lines: bool, found: set[int]
) -> None:
    """Take in the instructions that a range overlaps or touches.

    Not the one ahead of which it puts, or takes out, whole `lines`.
    """
    at = max(bisect_right(starts, low) - 1, 0)
    while at < len(starts) and starts[at] <= high:
        if document.instructions[at].end >= low and not (lines and high <= starts[at]):
            found.add(at)
        at += 1


def _untouched(sides: _Sides) -> Broken | None:
    """See what kinds were edited or added, and compare the instructions that no edit names.

    No FROM is edited or added, so that what is the same in the same order is in the same stage.
    """
    for number in sorted(sides.touched_before):
        keyword = sides.before.document.instructions[number].keyword
        if keyword not in _MAY_BE_EDITED:
            return Broken("untouched", 0, f"a {keyword} was edited or removed")
    for number in sorted(sides.new | sides.touched_after):
        keyword = sides.after.document.instructions[number].keyword
        allowed = _MAY_BE_NEW if number in sides.new else _MAY_BE_EDITED
        if keyword not in allowed:
            return _broken(sides, "untouched", number, f"a {keyword} was edited or added")
    old = _kept(sides.before.document, sides.touched_before)
    now = _kept(sides.after.document, sides.touched_after | sides.new)
    if old == now:
        return None
    same = next((n for n, (a, b) in enumerate(zip(old, now, strict=False)) if a != b), len(old))
    kept = set(range(len(sides.after.document.instructions))) - sides.touched_after - sides.new
    number = [*sorted(kept), 0][min(same, len(kept) - 1)]
    if same < len(old) and same < len(now):
        return _broken(sides, "untouched", number, "an instruction that no edit names changed")
    return _broken(sides, "untouched", number, "instructions were lost, split or joined")


def _kept(document: Document, without: frozenset[int]) -> list[str]:
    text = document.text
    return [
        text[each.start : each.end]
        for number, each in enumerate(document.instructions)
        if number not in without
    ]


def _broken(sides: _Sides, rule: str, number: int, reason: str) -> Broken:
    return Broken(rule, sides.after.document.instructions[number].start, reason)


def _commands(sides: _Sides, drops: frozenset[str]) -> Broken | None:
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
    for first, second in zip(old, now, strict=True):
        reason = differs(
            _side(sides.before, first, sides.removed),
            _side(sides.after, second, sides.inserted),
            drops,
        )
        if reason:
            return _broken(sides, "commands", second, reason)
    return None


def _runs(document: Document, numbers: frozenset[int]) -> list[int]:
    return [
        number
        for number in sorted(numbers)
        if document.instructions[number].keyword in ("RUN", "ONBUILD")
    ]


def _side(facts: Facts, number: int, cuts: list[tuple[int, int]]) -> Side:
    instruction = facts.document.instructions[number]
    # a cut that begins ahead of the instruction may reach into it, but only one can
    first = max(bisect_left(cuts, (instruction.start, 0)) - 1, 0)
    start = instruction.start
    near = [
        (max(low - start, 0), high - start)
        for low, high in cuts[first : bisect_left(cuts, (instruction.end, 0))]
        if high > start
    ]
    return Side(facts.document, instruction, facts.run(number), near)


# -- environment, comments, form -------------------------------------------------------------------


def _environment(sides: _Sides, adds: frozenset[str]) -> Broken | None:
    """Compare what every variable is before each instruction, in two different worlds.

    In one, build arguments have their defaults and base images bring nothing; in the other each of
    those has a value of its own, so that a value which came by another way shows.
    """
    before, after = sides.before.document, sides.after.document
    edited = [before.instructions[number].keyword for number in sides.touched_before]
    edited += [after.instructions[number].keyword for number in sides.touched_after | sides.new]
    if "ENV" not in edited:
        return None  # the same ENV, ARG and FROM in the same order
    if _written_alike(sides, adds):
        if not sides.before.stages.literal:
            sides.before.stages.environments()  # raises where there is none
        return None
    same = [n for n, i in enumerate(before.instructions) if i.keyword != "ENV"]
    new = sides.new
    these = [n for n, i in enumerate(after.instructions) if i.keyword != "ENV" and n not in new]
    if len(same) != len(these):
        return Broken("environment", 0, "instructions were lost or added")
    places = list(zip(same, these, strict=True))
    places.append((len(before.instructions), len(after.instructions)))
    was, now = sides.before.stages.environments(), sides.after.stages.environments()
    number = _first_difference(was, now, places, adds)
    if number is None and (_refers(before) or _refers(after)):
        assumed = {name: f"\u27e8{name}\u27e9" for name in _names(before) - adds}
        was = Environments(before, assumed, args="\u27e8")
        now = Environments(after, assumed, args="\u27e8")
        number = _first_difference(was, now, places, adds)
    if number is None:
        return None
    number = min(number, len(after.instructions) - 1)
    return _broken(sides, "environment", number, "a variable has another value here")


def _written_alike(sides: _Sides, adds: frozenset[str]) -> bool:
    """Tell whether edited ENVs set the same, as it is written, in the same places as before.

    With the instructions that no edit names the same, the environments are the same then: no edited
    value hangs on variables, and no value at all on those that are added.
    """
    text = sides.before.document.text
    if any(name in text for name in adds):
        return False
    was = _settings(sides.before.document, sides.touched_before, frozenset())
    now = _settings(sides.after.document, sides.touched_after | sides.new, sides.new)
    return was is not None and now is not None and was == [s for s in now if s[1] not in adds]


def _settings(
    document: Document, edited: frozenset[int], new: frozenset[int]
) -> list[tuple[int, str, str]] | None:
    """Give the pairs of the edited ENVs, and where the other edited instructions stand.

    A place is how many instructions stand ahead, edited ENVs and what is `new` left out. None where
    a pair is not simply what it is written as.
    """
    found: list[tuple[int, str, str]] = []
    passed = 0
    for number in sorted(edited):
        instruction = document.instructions[number]
        if instruction.keyword == "ENV":
            read = pairs(instruction, document.escape)
            if isinstance(read, Malformed):
                return None
            for key, value, _, _, _ in read:
                if "$" in key or "$" in value or not key.isidentifier():
                    return None
                found.append((number - passed, key, value))
            passed += 1
        elif number in new:
            passed += 1
        else:
            found.append((number - passed, "", ""))
    return found


def _set_alike(
    before: Environments, after: Environments, places: list[tuple[int, int]], adds: frozenset[str]
) -> bool:
    """Tell whether the same is set in the same order between the same places.

    Then all environments are the same, and need not be compared one by one.
    """
    old, now = [first for first, _ in places], [second for _, second in places]
    was = [(bisect_left(old, n), name, value, env) for n, name, value, env in before.changes()]
    if adds and not adds.isdisjoint([change[1] for change in was]):
        return False
    return was == [
        (bisect_left(now, n), name, value, env)
        for n, name, value, env in after.changes()
        if name not in adds
    ]


def _first_difference(
    before: Environments, after: Environments, places: list[tuple[int, int]], adds: frozenset[str]
) -> int | None:
    """Give the first place, in `after`, where a variable differs that was not added on purpose."""
    if _set_alike(before, after, places, adds):
        return None
    was, now = before.replay(), after.replay()
    upcoming, upcoming_now = was.upcoming, now.upcoming
    for first, second in places:
        if first <= upcoming and second <= upcoming_now:
            continue
        changed = was.to(first) | now.to(second)
        upcoming, upcoming_now = was.upcoming, now.upcoming
        # the image lists its variables in the order in which they were first set
        if [n for n in was.env if n not in adds] != [n for n in now.env if n not in adds]:
            return second
        for name in changed:
            added = name in adds
            if was.env.get(name) != now.env.get(name) and not (added and name not in was.env):
                return second
            if was.names.get(name) != now.names.get(name) and not (added and name not in was.names):
                return second
    return None


def _refers(document: Document) -> bool:
    """Tell whether a setting of a document refers to a variable."""
    for instruction in document.instructions:
        if instruction.keyword in ("ENV", "ARG") and "$" in instruction.view.text:
            return True
    return False


def _names(document: Document) -> frozenset[str]:
    """Give every word that could be the name of a variable in a document's settings."""
    found: set[str] = set()
    for instruction in document.instructions:
        if instruction.keyword in ("ENV", "ARG", "FROM"):
            found.update(_NAME.findall(instruction.view.text))
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
    if "\r" not in before and "\r" not in after:
        return None
    crlf, lines = before.count("\r\n"), before.count("\n")
    crlf_now, lines_now = after.count("\r\n"), after.count("\n")
    if (not crlf and crlf_now) or (lines and crlf == lines and crlf_now != lines_now):
        return Broken("form", 0, "another style of newline came in")
    return None
