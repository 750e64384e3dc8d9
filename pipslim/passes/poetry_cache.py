"""Calls of poetry that leave its cache in the layer."""

from __future__ import annotations

from pipslim.facts.installers import Tool, cache_dir, find_calls, mount_over, variables
from pipslim.facts.programs import SHELLS
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.chains import behind
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

_ID = "poetry-cache"
_PARTS = ("artifacts", "cache")

ABOUT = About(
    id=_ID,
    summary="poetry leaves what it downloads in the layer: remove that in the same RUN",
    why=(
        "poetry keeps each wheel and sdist that it downloads or builds in the folder `artifacts` "
        "of its cache, and pages of indexes in `cache`. No setting stops that. The option "
        "`--no-cache` leaves the first, the larger one, as does `poetry cache clear`; neither "
        "POETRY_NO_CACHE nor PIP_NO_CACHE_DIR says anything to it. So both folders are removed, "
        "behind the last call of poetry in the RUN. The folder around them stays, for poetry makes "
        "its environments in there. Nothing is done where a mount holds the cache, where the RUN "
        "removes it, or where it cannot be told where the cache is."
    ),
    price="None at run time. A later call of poetry that installs the same downloads it again.",
    before=(
        "FROM python:3.12-slim\nRUN pip install --no-cache-dir poetry\n"
        "COPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root\n"
    ),
    after=(
        "FROM python:3.12-slim\nRUN pip install --no-cache-dir poetry\n"
        "COPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root && "
        "rm -rf ~/.cache/pypoetry/artifacts ~/.cache/pypoetry/cache\n"
    ),
)

_WRITE = frozenset([("install",), ("add",), ("update",), ("sync",), ("lock",)])
_CLEAR = ("cache", "clear")
POETRY = Tool(
    label="poetry",
    names=frozenset(("poetry",)),
    modules=frozenset(("poetry",)),
    signs=("poetry",),
    subcommands=_WRITE | {_CLEAR, ("config",)},
    with_value=frozenset(("-C", "--directory", "-P", "--project")),
    folder="pypoetry",
    variable="POETRY_CACHE_DIR",
)
_ONLY_TELL = frozenset(("--dry-run", "--help", "-h"))
_PATH = lazy(r"/[\w./-]+")
_PURGE = lazy(r"\brm\s+(?:-\S+\s+)*?-\w*f\w*\s[^;&|\n]*$")
_PLAIN = frozenset(("time", "timeout", "nice", "ionice", "nohup", "command", "stdbuf"))
_IN_SHELL = frozenset(f"{shell} -c" for shell in SHELLS)
_MOVES = ("HOME", "XDG_CACHE_HOME", "POETRY_CACHE_DIR")


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each RUN whose poetry would leave its cache, fixed where that is safe."""
    found = [find_calls(facts, stage, POETRY) for stage in facts.stages.all]
    runs: dict[int, list[Call]] = {}
    moved = -1
    for call in [call for each in found for call in each.calls]:
        runs.setdefault(call.instruction, []).append(call)
        if call.subcommand == ("config",) and any("cache-dir" in w.value for w in call.rest):
            moved = call.span().start
    for calls in runs.values():
        finding = _judge(document, facts, calls)
        if finding is not None:
            if finding.fix is not None and moved >= 0:
                told = "line {line} moves the cache; remove it there"
                finding = finding._replace(fix=None, why_not=told, refers=moved)
            yield finding
    for at, why_not in [each for calls in found for each in calls.undecided]:
        message = "a call of poetry that cannot be followed may leave its cache in the layer"
        yield Finding(_ID, Span(at, at + 1), message, None, why_not)


def _judge(document: Document, facts: Facts, calls: Sequence[Call]) -> Finding | None:
    """Give the finding for the calls of one RUN, if any of them leaves a cache."""
    writing = [call for call in calls if _writes(call)]
    if not writing:
        return None
    first = calls.index(writing[-1])
    last = [call for call in calls[first:] if _writes(call) or call.subcommand == _CLEAR][-1]
    cache = cache_dir(facts, last)
    if _purged(last, cache) or mount_over(facts, last, cache) is not None:
        return None
    if any("poetry" in mount.target for mount in facts.stages.mounts(last.instruction)):
        return None
    message = f"`{writing[-1].spelling}` leaves what it downloads in the layer"
    found = Finding(_ID, writing[-1].span(), message)
    folder = _folder(facts, last)
    if folder is None:
        told = "its cache may not be a folder of its own; remove it by hand in the same RUN"
        return found._replace(why_not=told)
    command = "rm -rf " + " ".join(f"{folder}/{part}" for part in _PARTS)
    why_not, refers = _reason(facts, [*writing, last], folder.lstrip("~/"))
    edit = None
    if not why_not:
        edit = behind(document, last.start, last.body, last.program, command)
        why_not = f"the call is no plain link of a chain; run `{command}` in the same RUN"
    if edit is None:
        return found._replace(why_not=why_not, refers=refers)
    return found._replace(fix=Fix(f"add `{command}`", Safety.SAFE, (edit,)))


def _writes(call: Call) -> bool:
    """Tell whether a call downloads something, which stays in the cache."""
    return call.subcommand in _WRITE and not any(
        word.value in _ONLY_TELL for word in (*call.ahead, *call.rest)
    )


def _purged(call: Call, cache: str | None) -> bool:
    """Tell whether a RUN removes its cache behind a call."""
    named = (".cache", "pypoetry", "POETRY_CACHE", "XDG_CACHE", cache or ".cache")
    for program in call.later:
        if program.name in ("rm", "find"):
            text = program.view.text[program.words[0].start : program.words[-1].end]
            if any(name in text for name in named):
                return True
    return False


def _folder(facts: Facts, call: Call) -> str | None:
    """Give the folder of the cache, as a shell is told it; None where it is not plainly one."""
    given = variables(facts, call)
    if not any(given.get(name) for name in _MOVES[1:]):
        return "~/.cache/pypoetry"
    folder = cache_dir(facts, call) or ""
    name = folder.rpartition("/")[2]
    own = "cache" in name or "poetry" in name
    return folder if own and _PATH.fullmatch(folder) else None


def _reason(facts: Facts, calls: Sequence[Call], folder: str) -> tuple[str, int]:
    """Tell why a cache may not be removed, and the place that says so, if any."""
    program = calls[-1].program
    if program.exec_form:
        return "it is in exec form; remove the cache in the same RUN, by the shell form", -1
    for call in calls:
        if any(
            name in facts.document.instructions[call.instruction].view.text for name in _MOVES[1:]
        ):
            return "the RUN moves its cache; remove that in the same RUN", -1
        others = [w for w in call.program.wrappers if w not in _PLAIN and w not in _IN_SHELL]
        if others:
            return f"it is run by `{others[-1]}`; remove the cache as the same user", -1
        moved = [word.value.partition("=")[0] for word in call.program.variables]
        if not set(moved).isdisjoint(_MOVES):
            return "it is run with a variable that moves its cache; remove that in the same RUN", -1
    text = facts.document.text
    at = text.find(folder)
    while at >= 0:
        line = text[text.rfind("\n", 0, at) + 1 : at]
        says = any(sign in line for sign in ("CACHE_DIR", "CACHE_HOME", "mount="))
        if not says and not line.lstrip().startswith("#") and not _PURGE.search(line):
            return "line {line} uses the folder of poetry's cache", at
        at = text.find(folder, at + 1)
    return "", -1
