"""What /etc/pip.conf is to say to a stage, with the purges taken out that would fail then."""

from __future__ import annotations

from pipslim.facts import conf
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipslim.facts.conf import Settings
    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document
    from pipslim.syntax.edits import Edit


class Wish(NamedTuple):
    """What the settings are to say, and what goes for that: edits, and the commands they drop."""

    settings: Settings
    edits: tuple[Edit, ...] = ()
    drops: tuple[str, ...] = ()


def wished(document: Document, facts: Facts, stage: StageFacts, behind: Use | None) -> Wish:
    """Give what the settings are to say to the calls of a stage, behind one of them if named.

    `pip cache` fails where there is no cache. So such calls go, or where that cannot be, it stays.
    """
    wish = conf.settings(facts, stage, behind)
    purges = [use for use in facts.uses(stage) if use.call.subcommand == "cache"]
    if not wish.cache or not purges:
        return Wish(wish)
    from pipslim.fixes.removal import without_calls

    without = without_calls(document, facts, purges)
    if isinstance(without, str):
        return Wish(wish._replace(cache=""))
    return Wish(wish, *without)
