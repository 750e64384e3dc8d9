"""Which files belong together in one patch, and what a patch is called."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from pipslim.review import owners
from pipslim.settings.choice import BadSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipslim.review.owners import Owners

UNOWNED = "unowned"
ENDING = ".patch"
_LONGEST = 80
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._+-]+")
# names that Windows keeps for devices, whatever their ending
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def grouping(by: str, found: Owners | None) -> Callable[[str], str]:
    """Give the function from a path, from the root and with slashes, to the name of its group.

    `by` is `folder` (the top one), `folder:2` (the top two, and so on), `owner` or `file`; nothing
    is `folder`. `found` are the owners, of a repository that names any. Raises BadSetting.
    """
    kind, colon, number = (by or "folder").partition(":")
    if kind == "folder" and (not colon or (number.isdecimal() and int(number) > 0)):
        depth = int(number) if colon else 1
        return lambda path: "/".join(path.split("/")[:-1][:depth]) or "."
    if by == "file":
        return lambda path: path
    if by != "owner":
        raise BadSetting(
            f"--group-by takes folder, folder:2 (and so on), owner or file, not {by!r}"
        )
    if found is None:
        raise BadSetting(
            f"--group-by owner finds no {', '.join(owners.PLACES)}; group by folder or by file"
        )
    spelt: dict[tuple[str, ...], str] = {}  # owners are the same in upper and lower case

    def group(path: str) -> str:
        named = sorted(found.of(path), key=str.lower)
        key = tuple(each.lower() for each in named)
        return spelt.setdefault(key, " ".join(named) or UNOWNED)

    return group


def names(groups: Iterable[str]) -> dict[str, str]:
    """Give the file name of each group's patch.

    It is the group's name in plain characters; a few digits behind it, the same in each run, tell
    apart what would be one name, also to a file system that knows no upper and lower case.
    """
    plain = {group: _plain(group) for group in groups}
    taken: dict[str, int] = {}
    for name in plain.values():
        taken[name.lower()] = taken.get(name.lower(), 0) + 1
    return {
        group: (
            name
            if taken[name.lower()] == 1 and 0 < len(name) <= _LONGEST and not _device(name)
            else f"{name[:_LONGEST] or 'group'}-{_digits(group)}"
        )
        + ENDING
        for group, name in plain.items()
    }


def _plain(group: str) -> str:
    if group == ".":
        return "root"
    text = group.replace("@", "").replace(" ", "+")
    return _NOT_PLAIN.sub("-", text).strip("-.+")


def _device(name: str) -> bool:
    return _DEVICES.fullmatch(name) is not None


def _digits(group: str) -> str:
    return sha256(group.encode("utf-8", "surrogatepass")).hexdigest()[:8]
