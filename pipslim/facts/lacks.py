"""What settings that a Dockerfile brings for pip lack, and where they are of another mind."""

from __future__ import annotations

from pipslim.facts.conf import NOTE, settings
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.facts.settings import CACHE, CACHE_DIR, COMPILE, NO_COMPILE, said, truth
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.facts.brought import Brought
    from pipslim.facts.known import Facts
    from pipslim.facts.settings import Keys
    from pipslim.facts.stages import StageFacts

_EMPTY = "`{}` is empty, which pip passes over; give it a value"
_OWNER = "that is for their owner to decide"


class Wanted(NamedTuple):
    """A key that settings are to have: its section, its name, its value, a comment ahead of it."""

    section: str
    key: str
    value: str
    note: str


class Against(NamedTuple):
    """A key that settings are not to get: its name, the one that is in the way, and why."""

    key: str
    name: str
    why: str


def lacking(
    facts: Facts, stage: StageFacts, item: Brought, keys: Keys
) -> tuple[list[Wanted], list[Against]]:
    """Give the keys that settings lack for the calls under them, and those that they won't get.

    `keys` are what the settings say, of which no value but a truth value is told.
    """
    uses = [use for use in facts.uses(stage) if use.instruction >= item.start]
    commands = {use.call.subcommand for use in uses}
    wish = settings(facts, stage, None, item.start)
    if "cache" in commands:
        wish = wish._replace(cache="")  # `pip cache purge` fails where there is no cache
    commands &= CACHE_WRITERS
    wanted: list[Wanted] = []
    against: list[Against] = []
    if wish.cache and any(said(keys, each, CACHE) is None for each in commands):
        if any(said(keys, each, CACHE_DIR) is not None for each in commands):
            why = f"they name a cache by `{CACHE_DIR}`; {_OWNER}"
            against.append(Against(CACHE, CACHE_DIR, why))
        elif _is_empty(keys, "global", CACHE):
            against.append(Against(CACHE, CACHE, _EMPTY.format(CACHE)))
        else:
            note = NOTE if wish.cache == "false" else ""
            wanted.append(Wanted("global", CACHE, wish.cache, note))
    if wish.compile_off and "install" in commands:
        given = [
            (name, value)
            for name in (COMPILE, NO_COMPILE)
            if (value := said(keys, "install", name)) is not None
        ]
        for name, value in given:
            why = f"they say `{name} = {value}`, which has pip compile; {_OWNER}"
            if truth(value) is None:
                why = f"what they say of `{name}` is neither yes nor no to pip; correct it"
            if truth(value) is not False:
                against.append(Against(COMPILE, name, why))
        if not given and _is_empty(keys, "install", COMPILE):
            against.append(Against(COMPILE, COMPILE, _EMPTY.format(COMPILE)))
        elif not given:
            wanted.append(Wanted("install", COMPILE, "no", ""))
    return wanted, against


def _is_empty(keys: Keys, section: str, key: str) -> bool:
    """Tell whether a key stands where it belongs, without a value."""
    return not keys.get((section, key), "x")
