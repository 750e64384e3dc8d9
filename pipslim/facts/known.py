"""What is true of one document: the questions that passes ask, answered on demand."""

from __future__ import annotations

import re

from pipslim.facts import leftovers
from pipslim.facts.images import (
    FIRST_GOOD_PIP,
    Age,
    Origin,
    matches,
    names_new_python,
    parse_version,
)
from pipslim.facts.pips import StagePips, Use, base_pip
from pipslim.facts.runs import Run, read_pip_run, read_run, steps
from pipslim.facts.stages import StageFacts, Stages
from pipslim.facts.tracker import Tracker
from pipslim.syntax.forms import inner
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.facts.context import Context, Folder
    from pipslim.facts.images import Version
    from pipslim.facts.leftovers import Need
    from pipslim.facts.options import Options
    from pipslim.facts.pips import Pip
    from pipslim.syntax.document import Document

# Without sudo, these work for root alone.
_ROOT_ONLY = lazy(
    r"(?<![\w./-])(?:apt-get|apt|apk|yum|dnf|microdnf|zypper)\s+(?:-\S+\s+)*"
    r"(?:update|install|add|upgrade|clean|makecache|-y|--)"
    r"|(?<![\w./-])(?:useradd|groupadd|adduser|addgroup|update-ca-certificates|locale-gen)\s"
)
_SUDO = lazy(r"\bsudo\b")
_ROOT_NAMES = frozenset(("root", "0"))
# `EXTERNALLY-MANAGED` is PEP 668's, of 2022; no pip older than 19.2.3 came with Python 3.8
_NEW_PYTHON = lazy(r"EXTERNALLY-MANAGED|/python3\.(?:[89]|[1-9]\d)\b")
_CONF = "/etc/pip.conf"
_CONF_SIGNS = ("pip.conf", "PIP_CONFIG_FILE", " config")


class Facts:
    """What is true of a document, worked out when asked, never changed.

    Methods that look at variables raise `environment.Unexpandable` where BuildKit can't expand one.
    """

    __slots__ = (
        "_context",
        "_folder",
        "_mentions",
        "_needs",
        "_pips",
        "_roots",
        "_shells",
        "document",
        "options",
        "stages",
    )

    def __init__(self, document: Document, options: Options, folder: Folder | None = None) -> None:
        self._folder = folder
        self._context: Context | None = None
        self.document = document
        self.options = options
        self._mentions: dict[str, bool] = {}
        self._needs: tuple[Need, ...] | None = None
        self.stages = Stages(document)
        self._pips: dict[int, StagePips] = {}
        self._roots: dict[int, bool | None] = {}
        self._shells = bool(self.stages.numbers("SHELL"))

    @property
    def context(self) -> Context | None:
        """The files of the build context; None where it is not known where that is."""
        if self._context is None and self._folder is not None:
            from pipslim.facts.context import Context

            self._context = Context(self, self._folder)
        return self._context

    @property
    def looked_at(self) -> Mapping[str, str]:
        """The files of the context that were asked for and are there, with their texts."""
        return self._context.looked_at if self._context is not None else {}

    def mentions(self, word: str) -> bool:
        """Tell whether a word stands anywhere in the text; what it tells is looked up once."""
        found = self._mentions.get(word)
        if found is None:
            found = self._mentions[word] = word in self.document.text
        return found

    # -- bases ---------------------------------------------------------------------------------

    def posix(self, index: int) -> bool:
        """Tell whether a POSIX shell runs the shell form of a RUN at `index`."""
        stage = self.stages.of(index)
        return stage is not None and self._posix(stage, index)

    def _posix(self, stage: StageFacts, index: int) -> bool:
        if self._shells and not self.stages.posix_shell(index):
            return False
        return stage.image is None or stage.image.origin is not Origin.WINDOWS

    def _assumed(self, stage: StageFacts) -> Version | None:
        """Give the pip version that the user's settings give an image."""
        if not self.options.images and not self.options.assume_pip:
            return None
        root = stage.chain()[0]
        reference = root.reference
        if reference is None and self.options.images:
            from pipslim.facts.bases import written

            reference = written(self.document)[root.index]
        for pattern, version in self.options.images:
            if reference and matches(reference, pattern):
                return parse_version(version)
        if self.options.assume_pip:
            image = stage.image
            if image is None or image.pip_min is None:
                return parse_version(self.options.assume_pip)
        return None

    # -- users ---------------------------------------------------------------------------------

    def root(self, index: int) -> bool | None:
        """Tell whether the instruction at `index` runs as root; None where it cannot be told.

        Says USER, else the table of base images, else what the stage does before its first USER:
        what installs packages or adds users without sudo is root.
        """
        user = self.stages.user(index)
        if user is not None:
            return user in _ROOT_NAMES
        stage = self.stages.of(index)
        if stage is None:
            return None
        start = stage.chain()[0]
        if start.index not in self._roots:
            self._roots[start.index] = self._starts_as_root(start)
        return self._roots[start.index]

    def _starts_as_root(self, start: StageFacts) -> bool | None:
        image = start.image
        if image is not None and image.user is not None:
            return image.user in _ROOT_NAMES
        instructions = self.document.instructions
        for stage in start.family():
            for index in range(stage.stage.first + 1, stage.stage.last):
                instruction = instructions[index]
                if instruction.keyword == "USER":
                    # nobody leaves a user that is not root for another that is not root
                    named = instruction.arguments.partition(":")[0].strip("\"'")
                    if "$" in named or (stage is not start):
                        break
                    return named not in _ROOT_NAMES
                if instruction.keyword == "RUN":
                    text = instruction.view.text
                    if "sudo" in text and _SUDO.search(text):
                        break
                    if _ROOT_ONLY.search(text):
                        return True
        return None

    # -- pip -----------------------------------------------------------------------------------

    def run(self, index: int) -> Run:
        """Give what the RUN (or ONBUILD RUN) at `index` executes."""
        return read_run(self.document, index, self.posix(index))

    def text(self, index: int) -> str:
        """Give the text of the instruction at `index`, and that of scripts which it runs."""
        instruction = self.document.instructions[index]
        return self.document.text[instruction.start : instruction.end]

    def pips(self, stage: StageFacts) -> StagePips:
        """Give the pip calls of a stage, each with the pip that it reaches."""
        known = self._pips.get(stage.index)
        if known is not None:
            return known
        image = stage.image
        base = self.base_pip(stage)
        state = self.pips(stage.parent).state if stage.parent is not None else None
        tracker = Tracker(image, base, state)
        instructions = self.document.instructions
        for index in range(stage.stage.first + 1, stage.stage.last):
            instruction = instructions[index]
            keyword = instruction.keyword
            if keyword != "RUN" and (keyword != "ONBUILD" or inner(instruction)[0] != "RUN"):
                continue
            run = self._pip_run(stage, index)
            if run is None:
                continue
            found, undecided = run.steps, run.undecided
            if run.by_variable:
                names = self.stages.environment(index).names
                found, undecided, _ = steps(run.bodies, run.unread, names)
            if found or undecided or run.installs:
                tracker.take(index, instruction, run, found, undecided)
        pips = self._pips[stage.index] = tracker.done()
        return pips

    def base_pip(self, stage: StageFacts) -> Pip:
        """Give the pip that a stage's base image brings."""
        base = base_pip(stage.image, self._assumed(stage))
        if base.age is Age.UNKNOWN and self._shows_new(stage):
            base = base._replace(low=FIRST_GOOD_PIP)
        return base

    def _pip_run(self, stage: StageFacts, index: int) -> Run | None:
        """Give what a RUN of a stage executes; None where that has no sign of any pip."""
        return read_pip_run(self.document, index, self._posix(stage, index))

    def pips_of(self, number: int) -> tuple[Use, ...]:
        """Give the pip calls of one instruction."""
        stage = self.stages.of(number)
        uses = self.pips(stage).uses if stage is not None else ()
        return tuple([use for use in uses if use.instruction == number])

    def _shows_new(self, stage: StageFacts) -> bool:
        """Tell whether a stage names an image, or a place, that only a Python from 3.8 on has."""
        reference = stage.chain()[0].reference
        if reference and names_new_python(reference):
            return True
        instructions, text = self.document.instructions, self.document.text
        if "/python3." not in text and "EXTERNALLY-MANAGED" not in text:
            return False
        first, last = stage.stage.first, stage.stage.last - 1
        start, end = instructions[first].start, instructions[last].end
        return _NEW_PYTHON.search(text, start, end) is not None

    def uses(self, stage: StageFacts) -> tuple[Use, ...]:
        """Give the pip calls of a stage and of all that start from it."""
        if not stage.children:
            return self.pips(stage).uses
        return tuple([use for member in stage.family() for use in self.pips(member).uses])

    def has_pip(self, stage: StageFacts) -> bool:
        """Tell whether a stage itself has pip install, build or download something."""
        return self.pips(stage).writes

    # -- pip's cache ---------------------------------------------------------------------------

    def variables(self, use: Use) -> Mapping[str, str]:
        """Give the variables in force for a call: ENV, ARG, and those set on its own command."""
        found = dict(self.stages.environment(use.instruction).names)
        for word in use.call.program.variables:
            name, _, value = word.value.partition("=")
            found[name] = value
        return found

    def cache_mount(self, use: Use, types: tuple[str, ...] = ("cache", "tmpfs")) -> bool:
        """Tell whether a mount, of one of some types, keeps the cache of a call out of the image.

        It does where its target is the cache that this pip uses, or a parent of it:
        `$PIP_CACHE_DIR`, else `$XDG_CACHE_HOME/pip`, else `$HOME/.cache/pip` of the user in force.
        """
        mounts = self.stages.mounts(use.instruction)
        kept_out = [m for m in mounts if m.type in types and m.target]
        if not kept_out:
            return False
        cache = self.cache_dir(use)
        for mount in kept_out:
            target = mount.target.rstrip("/") or "/"
            if cache is None:  # the home of a user that only the image knows
                if target.endswith(("/.cache/pip", "/.cache")):
                    return True
            elif cache == target or cache.startswith(target.rstrip("/") + "/"):
                return True
        return False

    def cache_dir(self, use: Use) -> str | None:
        """Give the folder of a call's cache; None where it hangs on what only the image knows."""
        named = use.call.cache_dir
        if named:
            return named.rstrip("/")
        variables = self.variables(use)
        if variables.get("PIP_CACHE_DIR"):
            return variables["PIP_CACHE_DIR"].rstrip("/")
        if variables.get("XDG_CACHE_HOME"):
            return variables["XDG_CACHE_HOME"].rstrip("/") + "/pip"
        sudo = "sudo" in use.call.program.wrappers
        home = variables.get("HOME") or self.home(use.instruction, sudo=sudo)
        return home.rstrip("/") + "/.cache/pip" if home else None

    def home(self, index: int, *, sudo: bool) -> str:
        """Give the home of the user that the RUN at `index` has, of root under `sudo`.

        Nothing where only the image knows it.
        """
        if sudo or self.root(index):
            return "/root"
        if not self.mentions("USER"):
            return ""
        from pipslim.facts.accounts import account

        made = account(self, index)
        return made.home if made is not None else ""

    def cache_off(self, use: Use) -> bool:
        """Tell whether a variable turns the cache of a call off; an empty one does not."""
        if not self.mentions("PIP_NO_CACHE_DIR"):
            return False
        if any(word.value == "--isolated" for word in use.call.options):
            return False
        if "sudo" in use.call.program.wrappers:  # it resets the environment, unless told not to
            text = use.call.program.view.text
            command = use.call.program.command
            if not re.search(r"\s(?:-\w*E|--preserve-env)", text[command.start : command.end]):
                return False
        return bool(self.variables(use).get("PIP_NO_CACHE_DIR"))

    @property
    def needs(self) -> tuple[Need, ...]:
        """The commands and instructions that fail where pip leaves no cache or bytecode."""
        if self._needs is None:
            signs = any(self.mentions(sign) for sign in leftovers.SIGNS)
            self._needs = leftovers.needs(self) if signs else ()
        return self._needs

    def needed(self, stage: StageFacts, kind: str) -> Need | None:
        """Give the first need of a `kind` of what a stage, or one FROM it, leaves; or None."""
        if not self.needs:
            return None
        family = [member.index for member in stage.family()]
        return next((n for n in self.needs if n.kind == kind and n.stage in family), None)

    def brings_conf(self, stage: StageFacts) -> int | None:
        """Give the first instruction of a stage that brings or names an /etc/pip.conf, or None."""
        instructions = self.document.instructions
        for sign in _CONF_SIGNS:
            if self.mentions(sign):
                break
        else:
            return None
        for index in range(stage.stage.first + 1, stage.stage.last):
            instruction = instructions[index]
            if instruction.keyword not in ("RUN", "COPY", "ADD", "ENV"):
                continue
            text = self.document.text[instruction.start : instruction.end]
            if "pip" in text:
                if _CONF in text or ("pip.conf" in text and re.search(r"\s/etc/?(?:\s|$)", text)):
                    return index
                if "PIP_CONFIG_FILE" in text or re.search(r"pip[\d.]* config\b.*--global", text):
                    return index
        return None
