"""The proof for variables: before each instruction they are what they were."""

from __future__ import annotations

from bisect import bisect_left

from pipslim.facts.environment import Environments
from pipslim.rewrite.sides import Broken, Sides, broken
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from pipslim.rewrite.declared import Declared
    from pipslim.syntax.document import Document

_NAME = lazy(r"\w+")


def environment_kept(sides: Sides, declared: Declared) -> Broken | None:
    """Compare what every variable is before each instruction, in two different worlds.

    In one, build arguments have their defaults and base images bring nothing; in the other each of
    those has a value of its own, so that a value which came by another way shows.
    """
    adds, alters = declared.adds, declared.alters
    before, after = sides.before.document, sides.after.document
    edited = [before.instructions[n].keyword for n in sides.touched_before | sides.gone]
    edited += [after.instructions[number].keyword for number in sides.touched_after | sides.new]
    if "ENV" not in edited:
        return None  # the same ENV, ARG and FROM in the same order
    if not alters and _written_alike(sides, adds):
        if not sides.before.stages.literal:
            sides.before.stages.environments()  # raises where there is none
        return None
    new, gone = sides.new, sides.gone
    same = [n for n, i in enumerate(before.instructions) if i.keyword != "ENV" and n not in gone]
    these = [n for n, i in enumerate(after.instructions) if i.keyword != "ENV" and n not in new]
    if len(same) != len(these):
        return Broken("environment", 0, "instructions were lost or added")
    places = list(zip(same, these, strict=True))
    places.append((len(before.instructions), len(after.instructions)))
    was, now = sides.before.stages.environments(), sides.after.stages.environments()
    number = _first_difference(was, now, places, adds, alters)
    if number is None and (_refers(before) or _refers(after)):
        assumed = {name: f"\u27e8{name}\u27e9" for name in _names(before) - adds - alters}
        was = Environments(before, assumed, args="\u27e8")
        now = Environments(after, assumed, args="\u27e8")
        number = _first_difference(was, now, places, adds, alters)
    if number is None:
        return None
    number = min(number, len(after.instructions) - 1)
    return broken(sides, "environment", number, "a variable has another value here")


def _written_alike(sides: Sides, adds: frozenset[str]) -> bool:
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
    before: Environments,
    after: Environments,
    places: list[tuple[int, int]],
    adds: frozenset[str],
    alters: frozenset[str],
) -> int | None:
    """Give the first place, in `after`, where a variable differs that was not meant to."""
    if not alters and _set_alike(before, after, places, adds):
        return None
    meant = adds | alters
    was, now = before.replay(), after.replay()
    upcoming, upcoming_now = was.upcoming, now.upcoming
    for first, second in places:
        if first <= upcoming and second <= upcoming_now:
            continue
        changed = was.to(first) | now.to(second)
        upcoming, upcoming_now = was.upcoming, now.upcoming
        # the image lists its variables in the order in which they were first set
        if [n for n in was.env if n not in meant] != [n for n in now.env if n not in meant]:
            return second
        for name in changed - alters:
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
