"""Where in a stage a command that needs root may stand, ahead of the stage's first pip call."""

from __future__ import annotations

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts

_LEADING = frozenset(("ARG", "ENV", "LABEL", "MAINTAINER", "SHELL"))
# What decides whether pip can reach its index: nothing that calls pip may move ahead of it.
_REACHES_INDEX = lazy(
    r"pip\.conf|\.pip\b|/pip/|PIP_(?!NO_CACHE|DISABLE|DEFAULT)|_proxy|_PROXY|ca-certificates"
    r"|update-ca|SSL_CERT|CA_BUNDLE|pip[\d.]* config\b"
)
# A text with none of these has nothing that the expression above would find.
_INDEX_SIGNS = [
    "pip.conf",
    ".pip",
    "/pip/",
    "PIP_",
    "_proxy",
    "_PROXY",
    "ca-certificates",
    "update-ca",
    "SSL_CERT",
    "CA_BUNDLE",
    "config",
]


class Place(NamedTuple):
    """Behind the instruction `number`; `root` is None where the user there cannot be told."""

    number: int
    root: bool | None


def top(facts: Facts, stage: StageFacts, *, index: bool = False) -> Place | None:
    """Give the first place of a stage where root can run a command, ahead of its first pip call.

    That is behind the leading instructions, which run nothing, or behind the USER that makes the
    stage root. With `index`, the command needs pip's index: the place is also behind what sets
    that up. None where only another user, or no POSIX shell, runs before the first call.
    """
    instructions = facts.document.instructions
    uses = facts.pips(stage).uses
    limit = uses[0].instruction if uses else stage.stage.last
    number = stage.stage.first
    while number + 1 < limit and instructions[number + 1].keyword in _LEADING:
        if instructions[number + 1].keyword == "SHELL" and not facts.posix(number + 2):
            break
        number += 1
    if index:
        text = facts.document.text
        if any(sign in text for sign in _INDEX_SIGNS):
            for at in range(number + 1, limit):
                if _REACHES_INDEX.search(instructions[at].view.text):
                    number = at
    for at in range(number, limit):
        if at > number and instructions[at].keyword not in ("USER", "SHELL"):
            continue
        if facts.root(at + 1) is not False and facts.posix(at + 1):
            return Place(at, facts.root(at + 1))
    return None
