"""What the calls of uv do with its cache, by their own words and by the variables in force."""

from __future__ import annotations

from pipslim.facts.installers import Call, Tool, variables
from pipslim.facts.programs import variable
from pipslim.syntax.script import HOLE
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document
    from pipslim.syntax.script import Word

_GLOBAL = frozenset(
    [
        "--allow-insecure-host",
        "--cache-dir",
        "--color",
        "--config-file",
        "--directory",
        "--project",
        "--python-fetch",
        "--python-preference",
    ]
)
UV = Tool(
    label="uv",
    names=frozenset(["uv"]),
    modules=frozenset(["uv"]),
    signs=("uv", "UV"),
    subcommands=frozenset(
        [
            ("pip", "install"),
            ("pip", "sync"),
            ("pip", "compile"),
            ("sync",),
            ("add",),
            ("remove",),
            ("lock",),
            ("run",),
            ("build",),
            ("venv",),
            ("tool", "install"),
            ("tool", "upgrade"),
            ("tool", "run"),
        ]
    ),
    with_value=_GLOBAL,
    folder="uv",
    variable="UV_CACHE_DIR",
)
UVX = UV._replace(
    label="uvx",
    names=frozenset(["uvx"]),
    modules=frozenset(),
    signs=("uvx", "UV"),
    subcommands=frozenset(),
)
# Source: `uv help run`, `uv help tool run`, `uv help pip install`, of 0.4.30 and 0.13.9
_WITH_VALUE = _GLOBAL | frozenset(
    [
        *("-b", "-c", "-C", "-e", "-f", "-i", "-o", "-p", "-P", "-r", "-w"),
        "--build-constraint",
        "--build-constraints",
        "--config-setting",
        "--config-settings",
        "--config-settings-package",
        "--constraint",
        "--constraints",
        "--default-index",
        "--editable",
        "--env-file",
        "--exclude",
        "--excludes",
        "--exclude-newer",
        "--exclude-newer-package",
        "--extra",
        "--extra-index-url",
        "--find-links",
        "--fork-strategy",
        "--from",
        "--group",
        "--index",
        "--index-strategy",
        "--index-url",
        "--keyring-provider",
        "--link-mode",
        "--max-recursion-depth",
        "--no-binary",
        "--no-binary-package",
        "--no-build-isolation-package",
        "--no-build-package",
        "--no-editable-package",
        "--no-extra",
        "--no-group",
        "--no-install-package",
        "--no-sources-package",
        "--only-binary",
        "--only-group",
        "--output-file",
        "--override",
        "--overrides",
        "--package",
        "--prefix",
        "--prerelease",
        "--python",
        "--python-platform",
        "--python-version",
        "--refresh-package",
        "--reinstall-package",
        "--requirement",
        "--requirements",
        "--resolution",
        "--target",
        "--torch-backend",
        "--trusted-host",
        "--upgrade-package",
        "--with",
        "--with-editable",
        "--with-requirements",
    ]
)
FLAG = "--no-cache"
LINK_MODE = "UV_LINK_MODE"
_RUNS = (("run",), ("tool", "run"), ())
_NO_CACHE = lazy(r"--no-cache(?:-dir)?$|-[qvU]*n[qvUn]*$")
_NAMED_NO_CACHE = lazy(r"(?:^|\s)(?:--no-cache|-[qvU]*n)")
_NO_CACHE_ALONE = lazy(r"(?:--no-cache(?:-dir)?|-n)$")
_NAMED = lazy(r"(?<![\w./-])(?:[\w./-]*/)?uvx?(?![\w.-])")
_TRUE = frozenset(("1", "on", "t", "true", "y", "yes"))
_FALSE = frozenset(("0", "off", "f", "false", "n", "no"))


class Said(NamedTuple):
    """What a call and its variables say of uv's cache.

    `off` tells that there is none. `named` is the folder that it is to be in, where one is named.
    `why_not` is why `--no-cache` may not be added, or nothing.
    """

    off: bool
    named: str
    why_not: str


def runs_program(call: Call) -> bool:
    """Tell whether a call makes an environment for a program and runs that."""
    return call.subcommand in _RUNS


def keeps_program(call: Call) -> bool:
    """Tell whether the environment that a call makes for a program lies in the cache.

    That is so where a project's environment does not serve: a tool, `--with`, a script that may
    name what it needs.
    """
    if call.subcommand != ("run",):
        return runs_program(call)
    own = _own(call)
    if any(word.value.startswith(("--with", "--script", "--gui-script", "-w")) for word in own):
        return True
    program = call.rest[len(own)].value if len(own) < len(call.rest) else ""
    scripts = any(word.value in ("-s", "--isolated", "--no-project") for word in own)
    return scripts or program.endswith((".py", "-")) or "://" in program


def may_start(document: Document, stage: StageFacts) -> bool:
    """Tell whether an image of a stage may be started: the last one's, or one that says by what."""
    for member in stage.family():
        if member.index == len(document.stages) - 1:
            return True
        for number in range(member.stage.first + 1, member.stage.last):
            if document.instructions[number].keyword in ("CMD", "ENTRYPOINT"):
                return True
    return False


def image_may_need(document: Document, stage: StageFacts, call: Call) -> bool:
    """Tell whether an image of a stage may need the environment that a call keeps in the cache."""
    return keeps_program(call) and may_start(document, stage)


def started_by_uv(document: Document, stage: StageFacts) -> int | None:
    """Give where an instruction begins that has images of a stage run uv; None without one."""
    for member in stage.family():
        for number in range(member.stage.first + 1, member.stage.last):
            instruction = document.instructions[number]
            if instruction.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
                if _NAMED.search(instruction.view.text):
                    return instruction.start
    return None


def no_cache_words(call: Call) -> tuple[Word, ...]:
    """Give the words of a call that do nothing but turn its cache off, as they stand there."""
    text = call.program.view.text
    words = (*call.ahead, *_own(call))
    return tuple([w for w in words if _NO_CACHE_ALONE.match(text[w.start : w.end].strip("\"'"))])


def links(facts: Facts, call: Call) -> str:
    """Give how a call is told to bring files from the cache (`copy`, say), or nothing."""
    words = [word.value for word in (*call.ahead, *_own(call))]
    return _value(words, "--link-mode") or variables(facts, call).get(LINK_MODE, "")


def writes_cache(call: Call) -> bool:
    """Tell whether a call stores more than what it learns about an interpreter."""
    values = [word.value for word in (*call.ahead, *_own(call))]
    if "--help" in values or "-h" in values or (not call.rest and runs_program(call)):
        return False
    if call.subcommand == ("venv",):
        return "--seed" in values
    if call.subcommand == ("run",) and "--no-sync" in values:
        return any(value.startswith("--with") for value in values)
    return True


def said(facts: Facts, call: Call) -> Said:
    """Give what is said of the cache, by the call's own words or by variables."""
    words = (*call.ahead, *_own(call))
    given = variables(facts, call)
    values = [word.value for word in words]
    named = _value(values, "--cache-dir") or given.get("UV_CACHE_DIR", "")
    switch = given.get("UV_NO_CACHE")
    if any(_NO_CACHE.match(value) for value in values):
        return Said(True, named, "")
    why_not = ""
    if switch is not None and switch.lower() in _TRUE:
        return Said(True, named, "")
    if switch is not None and HOLE not in switch:
        if switch.lower() in _FALSE:
            why_not = f"UV_NO_CACHE={switch} keeps the cache on purpose, as it seems"
        else:
            shown = f"`UV_NO_CACHE={switch}`" if switch else "an empty UV_NO_CACHE"
            why_not = f"uv fails on {shown}: it takes 1 or 0"
    elif "--offline" in values or given.get("UV_OFFLINE", "0").lower() in _TRUE:
        why_not = "it works offline, from what the cache holds"
    elif "symlink" in (_value(values, "--link-mode"), given.get("UV_LINK_MODE")):
        why_not = "what it installs are symbolic links into the cache"
    elif call.subcommand == ("pip", "compile") and "--no-header" not in values:
        why_not = "the option would stand in the head of what it writes; UV_NO_CACHE=1 does not"
    else:
        return _by_words(call, words, given, named)
    return Said(False, named, why_not)


def _own(call: Call) -> tuple[Word, ...]:
    """Give the words of a call that are uv's own, not those of a program that it runs."""
    words = call.rest
    at = 0
    while at < len(words):
        value = words[at].value
        if value == "--" or (runs_program(call) and not value.startswith(("-", HOLE))):
            break
        # a value that is no option stands for itself where no program is run
        at += 2 if value in _WITH_VALUE and runs_program(call) else 1
    return words[:at]


def _value(values: list[str], option: str) -> str:
    """Give what an option with a value says, or nothing."""
    for at, value in enumerate(values):
        if value == option:
            return values[at + 1] if at + 1 < len(values) else ""
        if value.startswith(option + "="):
            return value.partition("=")[2]
    return ""


def _by_words(call: Call, words: tuple[Word, ...], given: dict[str, str], named: str) -> Said:
    """Give what a call's own words say that are variables, each of which may be options."""
    ahead = ""
    for word in words:
        if word.value and not word.value.strip(HOLE) and ahead not in _WITH_VALUE:
            name = variable(call.program, word)
            value = given.get(name, HOLE) if name else HOLE
            if HOLE in value:
                shown = f"${name}" if name else "a word"
                return Said(False, named, f"{shown} may hold --no-cache, which uv takes but once")
            if _NAMED_NO_CACHE.search(value):
                return Said(True, named, "")
        ahead = word.value
    return Said(False, named, "")
