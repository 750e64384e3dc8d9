"""Patterns as in a .gitignore that count from one folder, said anew for another one."""

from __future__ import annotations

import os

from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = "\\*?[]! #"


def moved(lines: Iterable[str], base: str, folder: str) -> tuple[str, ...]:
    """Give the lines that say for `folder` what `lines` say for `base`, both absolute paths.

    What a pattern says of places outside `folder` is lost. Where neither folder holds the other,
    what remains are the patterns that hold at any depth.
    """
    up, down = _between(base, folder)
    ahead = "/" + "".join(_escaped(part) + "/" for part in up)
    found: list[str] = []
    for line in lines:
        sign, body = ("!", line[1:]) if line.startswith("!") else ("", line)
        if line.startswith("#") or not body.strip():
            continue
        if not (up or down):
            found.append(line)
        elif "/" not in body.rstrip().rstrip("/"):  # it holds at any depth
            if up and not down:
                deep = "" if body.startswith("**") else "**/"
                found.append(f"{sign}{ahead}{deep}{body}")
            elif not up and any(_fits(part, body.rstrip().rstrip("/")) for part in down):
                found.append(sign + "/**")
            else:
                found.append(line)
        elif up and not down:
            found.append(f"{sign}{ahead}{body.lstrip('/')}")
        elif down and not up:
            found.extend(sign + rest for rest in _rests(body.lstrip("/"), down))
    return tuple(found)


def _between(base: str, folder: str) -> tuple[list[str], list[str]]:
    """Give the folders from where both paths part, to `base` and to `folder`."""
    one, two = (
        [part for part in path.split(os.sep) if part] if path.strip(os.sep) else []
        for path in (base, folder)
    )
    shared = 0
    while shared < min(len(one), len(two)) and one[shared] == two[shared]:
        shared += 1
    return one[shared:], two[shared:]


def _rests(pattern: str, folders: list[str]) -> list[str]:
    """Give what is left of an anchored pattern below some folders, each way to get there."""
    states = {tuple(pattern.split("/"))}
    for name in folders:
        after: set[tuple[str, ...]] = set()
        for state in states:
            while state and state[0] == "**":
                after.add(state)
                state = state[1:]
            if not state or state == ("",):  # a folder above is meant, and so all below it
                after.add(("**",))
            elif _fits(name, state[0]):
                after.add(state[1:] or ("**",))
        states = after
    return sorted("/" + "/".join(state if state != ("",) else ("**",)) for state in states)


def _fits(name: str, glob: str) -> bool:
    """Tell whether a pattern without a slash means a folder of some name."""
    from pipslim.files.patterns import decide, rules

    content = glob.encode("utf-8", "surrogateescape")
    return bool(decide(rules(content), os.fsencode(name), is_dir=True))


def _escaped(name: str) -> str:
    return "".join("\\" + letter if letter in _SPECIAL else letter for letter in name)
