"""Calls of virtualenv that leave the wheels which they unpack."""

from __future__ import annotations

from pipslim.facts.images import parse_version
from pipslim.facts.installers import Tool, find_calls
from pipslim.fixes.base import About, Finding
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

_ID = "virtualenv-wheels"

ABOUT = About(
    id=_ID,
    summary="virtualenv leaves the wheels that it unpacks in the layer (shown, only by name)",
    why=(
        "virtualenv, from 20 on, unpacks the wheels that it brings (pip, setuptools) into a folder "
        "of its own and copies from there into each environment: 9 to 14 MB in ~/.cache/virtualenv "
        "(in older versions ~/.local/share/virtualenv). No variable stops that. Removing both "
        "behind the last environment of the same RUN breaks nothing. It is shown, not changed: "
        "a later call would unpack them again. It runs only where it is selected by name."
    ),
    price="None at run time. A later call of virtualenv unpacks its wheels again.",
    before="FROM python:3.12-slim\nRUN virtualenv /venv\n",
    after="FROM python:3.12-slim\nRUN virtualenv /venv\n",
)

VIRTUALENV = Tool(
    label="virtualenv",
    names=frozenset(("virtualenv",)),
    modules=frozenset(("virtualenv",)),
    signs=("virtualenv",),
    subcommands=frozenset(),
    with_value=frozenset(),
    folder="virtualenv",
    variable="",
)
_FIRST = (20,)  # it had no such folder before
_LEAVE_NONE = frozenset(("--no-seed", "--without-pip", "--help", "-h", "--version"))
_PIN = lazy(r"(?<![\w./-])virtualenv\s?(?:==|~=|<=?)\s?([^\s\"',;]*)")
_MOVED = ("VIRTUALENV_OVERRIDE_APP_DATA", "VIRTUALENV_APP_DATA")


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each call that leaves its wheels, none with a fix."""
    pins = _PIN.findall(document.text)
    if any(() < parse_version(pin) <= _FIRST for pin in pins):
        return
    for stage in facts.stages.all:
        for call in find_calls(facts, stage, VIRTUALENV).calls:
            if _leaves(facts, call):
                message = (
                    f"`{call.spelling}` leaves the wheels that it unpacks in the layer, from 20 on"
                )
                told = (
                    "no setting stops that; behind the last environment of the RUN, add "
                    "`rm -rf ~/.cache/virtualenv ~/.local/share/virtualenv`"
                )
                yield Finding(_ID, call.span(), message, None, told)


def _leaves(facts: Facts, call: Call) -> bool:
    """Tell whether a call leaves its wheels where nothing removes, moves or mounts them."""
    options = [word.value for word in call.rest]
    if not options or not _LEAVE_NONE.isdisjoint(options):
        return False
    if any(each.startswith("--app-data") for each in options):
        return False
    if any(facts.mentions(name) for name in _MOVED):
        return False
    for mount in facts.stages.mounts(call.instruction):
        if mount.target.rstrip("/").endswith((".cache", "virtualenv")):
            return False
    for program in call.later:
        words = [word.value.rstrip("/*") for word in program.words]
        if program.name == "rm" and any(w.endswith((".cache", "/virtualenv")) for w in words):
            return False
    return True
