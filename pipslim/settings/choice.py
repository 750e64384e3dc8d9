"""What a setting may say: names of passes, versions of pip; all else is an error that helps."""

from __future__ import annotations

from pipslim.facts.options import CACHES
from pipslim.files.names import HOST_SIGNS
from pipslim.passes import IDS
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Iterable

_ID = lazy(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_VERSION = lazy(r"[0-9]+(?:\.[0-9]+)*")


class BadSetting(ValueError):
    """A setting that cannot be taken, in words that say what to do.

    `placed` tells that the words begin with `path:line:col: ` themselves.
    """

    def __init__(self, words: str, *, placed: bool = False) -> None:
        super().__init__(words)
        self.placed = placed


def unknown_pass(name: object) -> str:
    """Say what is wrong with the name of a pass; nothing where it is one."""
    if name in IDS:
        return ""
    return f"unknown pass {name!r}{nearest(str(name), IDS)}; passes: {', '.join(IDS)}"


def bad_version(text: str) -> str:
    """Say what is wrong with a version of pip; nothing where it is one."""
    if _VERSION.fullmatch(text):
        return ""
    return f"{text!r} is no version of pip; write one such as 24.0"


def bad_cache(text: str) -> str:
    """Say what is wrong with what is to become of pip's cache; nothing where it is right."""
    if text in CACHES:
        return ""
    return f"{text!r} is none of {', '.join(CACHES)}{nearest(text, CACHES)}"


def bad_id(text: str) -> str:
    """Say what is wrong with the id of a cache mount; nothing where it is right."""
    if _ID.fullmatch(text):
        return ""
    return f"{text!r} is no id of a mount; write one of letters, digits, '.', '_', '/' and '-'"


def bad_carrier(name: object) -> str:
    """Say what is wrong with the name of a carrier; nothing where it is one."""
    if name in HOST_SIGNS:
        return ""
    known = ", ".join(HOST_SIGNS)
    return f"unknown carrier {name!r}{nearest(str(name), HOST_SIGNS)}; carriers: {known}"


def nearest(name: str, names: Iterable[str]) -> str:
    """Give the words that suggest the name that was meant, if one is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, [*names], 1)
    return f", did you mean {near[0]!r}?" if near else ""
