"""Stages in which pdm leaves its cache in the image."""

from __future__ import annotations

from pipslim.facts.images import parse_version
from pipslim.facts.installers import Tool, cache_dir, find_calls, mount_over, variables
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.layout import joined
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

VARIABLE = "PDM_NO_CACHE"
_ID = "pdm-cache"

ABOUT = About(
    id=_ID,
    summary="pdm leaves its cache in the layer: set `PDM_NO_CACHE=1`",
    why=(
        "pdm keeps what it downloads, and what it learns of packages, in ~/.cache/pdm, where no "
        "later build reads it. It ignores PIP_NO_CACHE_DIR; the variable turns its cache off since "
        "pdm 2.13, builds of sdists included, and older ones do not mind it. What is installed as "
        "links into pdm's own store of packages (`install.cache`) is not touched. The pair joins "
        "the stage's first ENV. A stage is left alone where a mount holds the cache, where a call "
        "says `pdm --no-cache`, or where its RUN removes what it left."
    ),
    price="None at run time. A later call of pdm that installs the same downloads it again.",
    before=(
        "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nRUN pip install --no-cache-dir pdm\n"
        "COPY pyproject.toml pdm.lock ./\nRUN pdm sync --no-self\n"
    ),
    after=(
        "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1 \\\n    PDM_NO_CACHE=1\n"
        "RUN pip install --no-cache-dir pdm\n"
        "COPY pyproject.toml pdm.lock ./\nRUN pdm sync --no-self\n"
    ),
)

_FIRST = (2, 13)  # pdm-project/pdm#2702
_WRITE = frozenset((each,) for each in ("install", "sync", "add", "update", "lock", "remove"))
_CLEAR = ("cache", "clear")
PDM = Tool(
    label="pdm",
    names=frozenset(("pdm",)),
    modules=frozenset(("pdm",)),
    signs=("pdm",),
    subcommands=_WRITE | {_CLEAR},
    with_value=frozenset(("-c", "--config", "-p", "--project")),
    folder="pdm",
    variable="PDM_CACHE_DIR",
)
_ONLY_TELL = frozenset(("--dry-run", "--help", "-h", "--no-cache"))
_PIN = lazy(r"(?<![\w.-])pdm(?:\[[\w,]*\])?\s?(?:==|~=|<=?)\s?([^\s\"',;]*)")
# the folder, or that of all caches, which may not be there without it
_NEEDS = lazy(r"\.cache(?:/pdm\b|/?(?=[\s\"'*;&]|$))")
_PURGE = lazy(r"\brm\s+(?:-\S+\s+)*?-\w*f\w*\s[^;&|\n]*$")


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each chain of stages in which pdm leaves its cache."""
    leaving: dict[int, list[Call]] = {}
    for stage in facts.stages.all:
        found = find_calls(facts, stage, PDM)
        leaving[stage.index] = [
            call
            for at, call in enumerate(found.calls)
            if _leaves(facts, call) and not _removed(call, found.calls[at + 1 :])
        ]
        for at, why_not in found.undecided:
            message = "a call of pdm that cannot be followed may leave its cache in the layer"
            yield Finding(_ID, Span(at, at + 1), message, None, why_not)
    for stage in facts.stages.all:
        above = stage.chain()[:-1]
        if any(leaving[each.index] for each in above) or not leaving[stage.index]:
            continue  # inherited, or nothing to do
        calls = [call for member in stage.family() for call in leaving[member.index]]
        yield _judge(document, facts, stage, calls)


def _judge(document: Document, facts: Facts, stage: StageFacts, calls: Sequence[Call]) -> Finding:
    """Give the finding for a stage, and for all that start from it, by their calls."""
    message = f"`{calls[0].spelling}` leaves its cache in the layer"
    found = Finding(_ID, calls[0].span(), message)
    pins = _PIN.findall(document.text)
    if pins and not all(parse_version(pin) >= _FIRST for pin in pins):
        told = "this pdm may be older than 2.13; run `pdm cache clear` behind it in the same RUN"
        return found._replace(why_not=told)
    if any("sudo" in call.program.wrappers for call in calls):
        return found._replace(why_not="sudo takes no ENV along; say `pdm --no-cache`")
    if facts.mentions(VARIABLE):
        told = f"{VARIABLE} is set, but not for this call; set it by an ENV ahead of it"
        return found._replace(why_not=told)
    mounted = [
        call
        for member in stage.family()
        for call in find_calls(facts, member, PDM).calls
        if _mounted(facts, call)
    ]
    if mounted:
        told = "line {line} has a mount for the cache, which an ENV would defeat; mount it here"
        return found._replace(why_not=told, refers=mounted[0].span().start)
    for match in _NEEDS.finditer(document.text):
        line = document.text[document.text.rfind("\n", 0, match.start()) + 1 : match.start()]
        aside = line.lstrip().startswith("#") or "mount=" in line or "CACHE_" in line
        if not aside and not _PURGE.search(line):
            told = "line {line} uses the folder of pdm's cache"
            return found._replace(why_not=told, refers=match.start())
    edits = joined(document, stage, (f"{VARIABLE}=1",))
    return found._replace(fix=Fix(f"set {VARIABLE}=1", Safety.SAFE, edits, (VARIABLE,)))


def _leaves(facts: Facts, call: Call) -> bool:
    """Tell whether a call leaves a cache where nothing removes it."""
    words = [word.value for word in (*call.ahead, *call.rest)]
    if call.subcommand not in _WRITE or not _ONLY_TELL.isdisjoint(words):
        return False
    return not _mounted(facts, call) and not variables(facts, call).get(VARIABLE)


def _mounted(facts: Facts, call: Call) -> bool:
    return mount_over(facts, call, cache_dir(facts, call)) is not None


def _removed(call: Call, later: Sequence[Call]) -> bool:
    """Tell whether the RUN of a call removes what it left; `later` are the calls behind it."""
    if any(each.instruction == call.instruction and each.subcommand == _CLEAR for each in later):
        return True
    for program in call.later:
        if program.name == "rm":
            text = program.view.text[program.words[0].start : program.words[-1].end]
            if ".cache" in text or "PDM" in text or "XDG" in text:
                return True
    return False
