"""Deciding: the passes, one fault each, and the order in which they are applied."""

from __future__ import annotations

import sys

from pipslim.facts import leftovers
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipslim.facts.known import Facts
    from pipslim.fixes.base import About, Finding, Pass
    from pipslim.syntax.document import Document

    _FindBehind = Callable[[Document, Facts, list[Finding]], Iterator[Finding]]


class Step(NamedTuple):
    """A pass in its place.

    `id` is its one spelling: file name, `--select`, ignore comments, fixtures. `load` gives its
    module, which is imported when it is first asked for. A text without any of its `signs` has
    nothing for it, and is not looked at. It waits while one of `waits_for` has something to offer,
    and while any pass ahead of it is about to set one of the variables that it `reads`; with
    `behind`, its `find_behind` is told then what is offered, and gives what can be mended in the
    same round. One that is `asked` for runs only where it is selected by name.
    """

    id: str
    load: Callable[[], Pass]
    signs: tuple[str, ...] = ("",)
    waits_for: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    behind: bool = False
    asked: bool = False

    @property
    def about(self) -> About:
        """What the pass is for."""
        return self.load().ABOUT

    @property
    def find_behind(self) -> _FindBehind:
        """What gives its findings beside those that it waits for, where it is one of such."""
        found: _FindBehind = self.load().find_behind  # type: ignore[attr-defined]
        return found

    @property
    def find(self) -> Callable[[Document, Facts], Iterator[Finding]]:
        """What gives its findings."""
        return self.load().find


def _step(
    pass_id: str,
    *signs: str,
    waits_for: str = "",
    reads: str = "",
    behind: bool = False,
    asked: bool = False,
) -> Step:
    module = f"{__name__}.{pass_id.replace('-', '_')}"

    loaded: list[Pass] = []

    def load() -> Pass:
        if not loaded:
            # it waits where another thread is about to import the module; sys.modules has it sooner
            __import__(module)
            loaded.append(sys.modules[module])
        return loaded[0]

    waits, read = frozenset(waits_for.split()), frozenset(reads.split())
    return Step(pass_id, load, signs, waits, read, behind, asked)


_PIP = ("pip", "PIP")
# as a key of settings, which `--no-compile` is not
_NO_COMPILE = tuple(f"{ahead}no{dash}compile" for ahead in ".n\n'\" " for dash in "-_")

PASSES: tuple[Step, ...] = (
    _step("split-env", "ENV", "env", "Env"),
    # ahead of what reads the settings that it corrects
    _step("inverted-setting", "PIP_NO_COMPILE", "PIP_NO_CACHE_DIR", *_NO_COMPILE),
    # ahead of all that keep pip or Python from leaving anything: its `rm` would fail then
    _step("strict-purge", *leftovers.SIGNS),
    # it joins the last of neighbouring ENV, which split-env leaves as it is
    _step(
        "bytecode",
        *("pip", "py", "conda", "tensorflow", "airflow", "notebook"),
        waits_for="strict-purge",
    ),
    # it joins the ENV that bytecode may be about to make
    _step("pdm-cache", "pdm", waits_for="bytecode"),
    # mounts come and go together with what they hold: pip-conf and pip-cache say the same of them
    _step("defeated-mount", "--mount", "PIP_NO_CACHE_DIR", waits_for="strict-purge"),
    # behind bytecode: a new ENV line comes ahead of a RUN at the same place, which runs Python
    _step("old-pip", *_PIP),
    # it stands behind the upgrade that old-pip makes, and reads pip's age from it
    _step("pip-conf", *_PIP, waits_for="inverted-setting old-pip strict-purge", behind=True),
    # these set a variable, where pip-conf neither sets it nor writes a file that says the same;
    # pipenv alone does not read that file
    _step("pipenv-cache", "pipenv", waits_for="pip-conf", reads="PIP_NO_CACHE_DIR"),
    _step(
        "pip-tools-cache",
        *("pip-sync", "pip-compile", "piptools"),
        waits_for="pip-conf",
        reads="PIP_NO_CACHE_DIR",
    ),
    _step("pipx-cache", "pipx", waits_for="pip-conf", reads="PIP_NO_CACHE_DIR"),
    # where no root can write the file, pip-conf sets the variable, and the flag is not needed
    _step(
        "pip-cache",
        *_PIP,
        waits_for="inverted-setting strict-purge",
        reads="PIP_NO_CACHE_DIR",
    ),
    # get-pip.py is no pip call, and brings one: neither looks at what the other changes
    _step("get-pip-cache", "get-pip", waits_for="strict-purge", reads="PIP_NO_CACHE_DIR"),
    # uv reads nothing of pip's: no pass ahead has to do with it
    _step("uv-cache", "uv ", "uvx ", 'uv"', 'uvx"', "uv'", "uv\t", "uv\\", "UV"),
    # each links a command behind the call that it is for; the flags of calls come first
    _step("conda-cache", "conda", "mamba"),
    _step("poetry-cache", "poetry"),
    # a purge is for nothing only once those ahead of it have seen to pip's cache; strict-purge has
    # put an -f in it by then, which goes with it
    _step(
        "late-purge",
        *(".cache", "PIP_CACHE_DIR", "XDG_CACHE_HOME", "purge"),
        waits_for=(
            "inverted-setting strict-purge old-pip pip-conf pipenv-cache pip-tools-cache"
            " pipx-cache pip-cache get-pip-cache"
        ),
    ),
    # what these find has no fix, so they change nothing for the others; only by name, for what
    # they tell is often wanted
    _step("venv-bytecode", "venv", "ensurepip", asked=True),
    _step("virtualenv-wheels", "virtualenv", asked=True),
    _step("setup-install", "setup.py", "easy_install", asked=True),
)

IDS = tuple(step.id for step in PASSES)
USUAL = tuple(step.id for step in PASSES if not step.asked)
