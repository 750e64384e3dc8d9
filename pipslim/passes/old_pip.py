"""A pip from before 19.0.2, which crashes under the setting that turns its cache off."""

from __future__ import annotations

from pipslim.facts.images import Age
from pipslim.facts.pips import NEVER_NEW
from pipslim.facts.places import top
from pipslim.facts.upgrades import hindrance
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.layout import line_after, linked
from pipslim.syntax.edits import Edit
from pipslim.syntax.script import Script
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Bringer, Use
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document
    from pipslim.syntax.script import Command

TEMPORARY_CACHE = "/tmp/.pip"
_ID = "old-pip"

ABOUT = About(
    id=_ID,
    summary="pip older than 19.0.2 crashes where pip.conf turns its cache off: upgrade it first",
    why=(
        "pip 6.0 to 19.0 crashes under `no-cache-dir = True`, and 19.0.1 does on projects with a "
        "pyproject.toml (pypa/pip#5884, #6197), so such a pip is upgraded before /etc/pip.conf "
        "exists. The target `pip>=19.0.2,<20.3` is the last one with the old resolver, and one "
        "that distributions' wrapper scripts can start. A pip known to be new gets nothing; where "
        "the base image is not known, a `case` on `pip --version` costs nothing if pip is new. "
        "A pip that the file pins, that a virtual environment bundles, or whose upgrade would "
        "break the build (an option that is no more, packages of the distribution) is left: "
        "pip.conf then uses a value that old pips take. Settings can tell what cannot be known: "
        "`--assume-pip 24.0`."
    ),
    price="One download of pip at build time, where pip is old.",
    before="FROM python:3.6.5\nRUN pip install flask\n",
    after=(
        "FROM python:3.6.5\n"
        "RUN pip install --no-cache-dir --no-compile --upgrade 'pip>=19.0.2,<20.3'\n"
        "RUN pip install flask\n"
    ),
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each pip of each stage that is, or may be, too old at its first use."""
    for stage in facts.stages.all:
        if stage.windows or not facts.has_pip(stage):
            continue
        # what a stage above does not mend is told there
        judged = {
            use.identity
            for above in stage.chain()[:-1]
            for use in facts.pips(above).uses
            if use.pip.age is not Age.NEW
        }
        for use in facts.pips(stage).uses:
            if use.identity in judged or not use.crashes:
                continue
            judged.add(use.identity)
            if not _upgraded_first(facts, stage, use):
                yield _judge(document, facts, stage, use)


def _upgraded_first(facts: Facts, stage: StageFacts, use: Use) -> bool:
    """Tell whether the file itself upgrades this pip, before any other call needs it new."""
    for each in facts.pips(stage).uses:
        if each.identity == use.identity and each.crashes:
            return each.upgrades
    return False


def _judge(document: Document, facts: Facts, stage: StageFacts, use: Use) -> Finding:
    pip = use.pip
    if pip.age is Age.OLD:
        told = f"is pip {'.'.join(map(str, pip.high))} or older"
    else:
        told = "may be a pip older than 19.0.2: its version is not known"
    message = f"`{use.call.spelling}` {told}"
    why_not, refers = _left(facts, stage, use)
    if not why_not:
        command = _command(use)
        found = _edit(document, facts, stage, use, command)
        if isinstance(found, Edit):
            title = "upgrade pip first" if command.known else "upgrade pip first if it is old"
            return Finding(_ID, use.span(), message, Fix(title, Safety.SAFE, (found,)))
        why_not = found
    return Finding(_ID, use.span(), message, None, why_not, refers)


def _left(facts: Facts, stage: StageFacts, use: Use) -> tuple[str, int]:
    """Give the reason why an old pip is to stay, or nothing, and the place that it refers to."""
    pip = use.pip
    if pip.origin == "pin":
        return "the file asks for this pip", -1
    if pip.origin == "venv":
        return "a virtual environment bundles it; upgrade it there", -1
    if pip.python[:2] in NEVER_NEW:
        version = ".".join(map(str, pip.python[:2]))
        return f"no pip from 19.0.2 on runs on Python {version}", -1
    for each in facts.uses(stage.chain()[0]):
        if each.pip.origin == "pin" and each.crashes:
            return "the file asks for an old pip elsewhere, so that pip.conf must suit that", -1
    if use.call.read or "/" in use.identity:
        return "which pip this is, and where it could be upgraded, is not known", -1
    return hindrance(facts, stage, use) or ("", -1)


class _Command(NamedTuple):
    """The upgrade: `known` that it is needed, and the commands, linked by what stands there."""

    known: bool
    commands: tuple[str, ...]

    def line(self, *, root: bool | None) -> str:
        """Give the arguments of a RUN; where root is not sure, it acts if /etc can be written."""
        if root or self.known:
            return self.commands[0]
        return f"test ! -w /etc || {self.commands[0]}"

    def links(self, *, root: bool | None) -> tuple[str, ...]:
        """Give the commands as links of a chain."""
        if root or self.known:
            return self.commands
        return (f"{{ {self.line(root=root)}; }}",)


def _command(use: Use) -> _Command:
    """Give the commands that upgrade a pip."""
    pip, spelling = use.pip, use.call.spelling
    target = "'pip>=19.0.2,<19.2'" if pip.python[:2] == (3, 4) else "'pip>=19.0.2,<20.3'"
    if pip.age is Age.OLD and pip.high < (19,):
        upgrade = f"{spelling} install --no-cache-dir --no-compile --upgrade {target}"
        return _Command(True, (upgrade, "hash -r"))
    patterns = "'pip '[0-9].*|'pip '1[0-8].*|'pip 19.0 '*|'pip 19.0.1 '*"
    # a cache folder of its own works on every old pip, under any setting; the flag ahead of it is
    # for linters, the last one counts
    options = f"--no-cache-dir --cache-dir={TEMPORARY_CACHE} --no-compile -U"
    upgrade = f"{spelling} install {options} {target} && rm -rf {TEMPORARY_CACHE}"
    return _Command(False, (f'case "$({spelling} --version)" in {patterns}) {upgrade};; esac',))


def _edit(
    document: Document, facts: Facts, stage: StageFacts, use: Use, command: _Command
) -> Edit | str:
    """Give the edit that upgrades a pip right behind what brings it, or why there is none."""
    bringer = use.pip.bringer
    if bringer is None and use.pip.origin == "base":
        place = top(facts, stage, index=True)
        if place is None:
            return "the stage does not run as root before its first pip call"
        return line_after(document, place.number, "RUN", command.line(root=place.root))
    number = use.instruction - 1 if bringer is None else bringer.instruction
    if number < use.instruction and (bringer is not None or use.call.program.outer == 0):
        root = facts.root(number + 1)
        if root is False:
            return "pip is not called as root"
        if not facts.posix(number + 1):
            return "no POSIX shell runs there"
        return line_after(document, number, "RUN", command.line(root=root))
    root = facts.root(use.instruction)
    if root is False or "sudo" in use.call.program.wrappers:
        return "pip is not called as root, or through sudo"
    following = _following(use, bringer)
    if following is not None:
        added = command.links(root=root)
        if following.name == "hash":
            added = added[:1]
        edit = linked(document, use.start, use.call.body, following, added)
        if edit is not None:
            return edit
    return "no other command can stand right behind what brings it"


def _following(use: Use, bringer: Bringer | None) -> Command | None:
    """Give the command of a script ahead of which a pip is there for the first time."""
    script = use.call.body.reading.script
    if not isinstance(script, Script):
        return None
    if bringer is None:
        return script.commands[use.call.program.outer]
    program = bringer.program
    if program is None or bringer.body is not use.call.body:
        return None
    call = script.commands[use.call.program.outer]
    brings = script.commands[program.outer]  # around a script in a word, its whole command
    for command in script.commands:
        if command.start > brings.end and not command.nest:
            return command if command.start <= call.start else None
    return None
