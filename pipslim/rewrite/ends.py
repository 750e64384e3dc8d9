"""Whether a script ends as it did, once commands that end well are dropped from it."""

from __future__ import annotations

from bisect import bisect_left

from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipslim.syntax.script import Script

EVEN = frozenset((";", "\n"))  # behind which a command runs, however the one ahead ended


def hangs(text: str, script: Script, cut: Callable[[int, int], bool]) -> bool:
    """Tell whether how a script ends may hang on one of the commands that are cut out of it.

    `cut` tells whether a range of its `text` is. `a && x` ends as `a` does; `a; x` does not, but
    where `set -e` has ended it at `a`. A command that is cut out without an operator beside it has
    another one in its place.
    """
    commands, tokens = script.commands, script.tokens
    first = 0
    for at, command in enumerate(commands):
        if not cut(command.start, command.end):
            first = at + 1
            continue
        following = commands[at + 1] if at + 1 < len(commands) else None
        if following is not None and cut(following.start, following.end):
            continue
        low = bisect_left(tokens, (commands[first].start, 0))
        high = bisect_left(tokens, (command.end, 0))
        beside = (*tokens[max(low - 1, 0) : low], *tokens[high : high + 1])
        if not any(cut(token.start, token.end) for token in beside):
            continue
        behind = text[tokens[high].start : tokens[high].end] if high < len(tokens) else ""
        if following is None and behind == "\n":
            behind = ""
        lead = commands[first].lead
        if lead == "&&":
            fits = behind in ("&&", "")
        elif behind:
            fits = lead in ("", *EVEN) and (behind == "&&" or behind in EVEN)
        else:
            fits = lead in EVEN and commands[0].name == "set" and commands[first - 1].lead in EVEN
        if not fits:
            return True
    return False
