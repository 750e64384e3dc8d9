"""conda calls that leave the package cache in the layer."""

from __future__ import annotations

from pipslim.facts.condas import CONDA, clean_flags, empties, name, options, writes
from pipslim.facts.installers import find_calls, spelled
from pipslim.facts.programs import SHELLS
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.fixes.chains import behind
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING, lazy, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import Mount, StageFacts
    from pipslim.syntax.document import Document

_ID = "conda-cache"

ABOUT = About(
    id=_ID,
    summary="conda leaves archives and index pages in the layer: add `conda clean`",
    why=(
        "conda keeps each archive that it downloads, unpacked and packed, beside the pages of its "
        "channels. No setting stops that; only `conda clean` in the same RUN does, for a later RUN "
        "shrinks nothing. It goes right behind the last call of a RUN that installs. "
        "`-afy` also empties the folders of unpacked packages: environments have their own links "
        "or copies of the files. It is known since conda 4.6; where conda may be older, it is "
        "`-tip --yes`, which each conda since 3.3.1 knows; it leaves what is linked to. A call is "
        "left alone where a mount holds the cache, where the RUN empties it itself, and "
        "where it cannot be told that the cache is not needed. mamba and micromamba are shown, "
        "not changed: it has not been tried with them."
    ),
    price=(
        "None at run time. A later call of conda downloads the index, and what it installs, anew."
    ),
    before="FROM continuumio/miniconda3:24.1.2-0\nRUN conda install -y numpy\n",
    after="FROM continuumio/miniconda3:24.1.2-0\nRUN conda install -y numpy && conda clean -afy\n",
)

# what else may need the package cache, or put it, and what links into it, elsewhere
_SERVES = lazy(
    r"(?<![\w.-])conda[- ]pack\b|(?i:\w*pkgs_dirs|\w*softlinks?\b)"
    r"|(?:COPY|ADD)[^\n]*condarc\b|CONDARC\b"
)
_SIGNS = ("pack", "pkgs_dirs", "PKGS_DIRS", "condarc", "CONDARC", "softlink", "SOFTLINK")
_FOLDER = lazy(r"[^\s\"']*(?:/pkgs(?=[/\s\"';*]|$)|\bpkgs/)[^\s\"';]*")
_PURGE = lazy(r"\brm\s+(?:-\S+\s+)*?-\w*f\w*\s[^;&|\n]*$")
_CONDA_ITSELF = lazy(r".*(?:conda|forge)\d?/?$")
# wrappers without which the same command does the same, as the same user
_SAME = frozenset(
    [
        *("time", "timeout", "nice", "ionice", "nohup", "xargs", "command", "stdbuf", "env"),
        *(f"{shell} -c" for shell in SHELLS),
        *(f"{shell} <<" for shell in SHELLS),
    ]
)
_MOVES = ("PATH=", "HOME=", "CONDARC=", "CONDA_PKGS", "MAMBA_ROOT", "CONDA_ROOT", "XDG_")


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each RUN whose conda would leave its cache, fixed where that is safe."""
    found = [(stage, find_calls(facts, stage, CONDA)) for stage in facts.stages.all]
    every = [call for _, each in found for call in each.calls]
    served = _served(facts, every) if any(map(writes, every)) else ("", -1)
    for stage, each in found:
        runs: dict[int, list[Call]] = {}
        for call in each.calls:
            runs.setdefault(call.instruction, []).append(call)
        for calls in runs.values():
            finding = _judge(document, facts, stage, calls, served)
            if finding is not None:
                yield finding
        for at, why_not in each.undecided:
            message = "a conda call that cannot be followed may leave its cache in the layer"
            yield Finding(_ID, Span(at, at + 1), message, None, why_not)


def _judge(
    document: Document,
    facts: Facts,
    stage: StageFacts,
    calls: Sequence[Call],
    served: tuple[str, int],
) -> Finding | None:
    """Give the finding for the calls of one RUN, if any of them leaves a cache.

    `served` is why no cache of the file may be emptied, and where it says so, if it does.
    """
    writing = [call for call in calls if writes(call)]
    if not writing:
        return None
    last = writing[-1]
    if any(map(empties, calls[calls.index(last) :])) or _purged(last):
        return None
    if any(_holds(mount) for mount in facts.stages.mounts(last.instruction)):
        return None
    message = f"`{last.spelling}` leaves its package cache in the layer"
    found = record(Finding, (_ID, last.span(), message, None, "", -1, None))
    other = {name(call) for call in writing} - {"conda"}
    if other:
        clean = "micromamba clean --all --yes" if "micromamba" in other else "mamba clean -afy"
        told = f"`{clean}` in the same RUN empties it; that was never tried, so it is left to you"
        return found._replace(why_not=told)
    why_not, refers = _reason(writing), -1
    if not why_not:
        why_not, refers = served
    flags = clean_flags(facts, stage, _spelled(last).rpartition(" ")[2])
    if not flags:
        why_not = "this conda may be older than 3.3.1, which cannot empty it; use a newer one"
    if why_not:
        return found._replace(why_not=why_not, refers=refers)
    command = f"{_spelled(last)} clean {flags}"
    edit = behind(document, last.start, last.body, last.program, command)
    if edit is None:
        told = f"the call is no plain link of a chain; run `{command}` in the same RUN"
        return found._replace(why_not=told)
    return found._replace(fix=Fix(f"add `{command}`", Safety.SAFE, (edit,)))


def _holds(mount: Mount) -> bool:
    """Tell whether a mount keeps packages out of the image, or is what the cache lies in."""
    if "pkgs" in mount.target:
        return True
    within = "conda" in mount.target or "mamba" in mount.target
    return within and mount.type in ("cache", "tmpfs")


def _purged(call: Call) -> bool:
    """Tell whether a RUN removes the packages, or all of conda, behind a call."""
    for program in call.later:
        values = [word.value for word in program.words[1:]]
        if program.name in ("rm", "find") and any("pkgs" in value for value in values):
            return True
        if program.name == "rm" and any(map(_CONDA_ITSELF.match, values)):
            return True
    return False


def _reason(calls: Sequence[Call]) -> str:
    """Tell why the cache of the calls of a RUN may not be emptied, as they are called."""
    program = calls[-1].program
    if program.exec_form:
        return "it is in exec form; run `conda clean` in the same RUN, by the shell form"
    named = {_spelled(call).rpartition(" ")[2] for call in calls}
    if len(named) > 1 and len({each.rpartition("/")[0] for each in named}) > 1:
        return "the RUN calls several condas; run `conda clean` of each in it"
    spelled = {_spelled(call) for call in calls}
    kinds = {tuple([w for w in c.program.wrappers if w not in _SAME]) for c in calls}
    if len(kinds) > 1 or (kinds != {()} and len(spelled) > 1):
        return "the RUN calls conda as several users; run `conda clean` as each in it"
    if kinds != {()} and program.wrappers != ("sudo",):
        return f"it is run by `{program.wrappers[-1]}`; run `conda clean` in there as well"
    if any(word.value.startswith(_MOVES) for word in program.variables):
        return "it is run with a variable that moves conda or its cache"
    if any("--download-only" in options(call) for call in calls):
        return "it is told to download only, for the cache"
    return ""


def _served(facts: Facts, calls: Sequence[Call]) -> tuple[str, int]:
    """Tell what in the file may need the cache, and where."""
    text = facts.document.text
    for call in calls:
        for option in options(call):
            if option == "--offline" or option.startswith("--clone"):
                return f"line {{line}} needs the cache, by `{option}`", call.span().start
    if any(facts.mentions(sign) for sign in _SIGNS):
        match = _SERVES.search(text)
        if match is not None:
            return f"line {{line}} may move the cache, or need it: `{match[0]}`", match.start()
    for match in _FOLDER.finditer(text) if facts.mentions("pkgs") else ():
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if "://" not in match[0] and not line.lstrip().startswith("#") and not _PURGE.search(line):
            return "line {line} uses the folder of conda's packages", match.start()
    return "", -1


def _spelled(call: Call) -> str:
    """Give conda as a call spells it, with sudo and its options."""
    text, program, behind_it = call.program.view.text, call.program, call.anchor.start
    start = program.words[0].start
    if program.wrappers == ("sudo",):
        start = program.command.words[0].start
    ahead = [word for word in program.words if word.end <= behind_it]
    words = spelled([word.value for word in program.words], CONDA)
    return text[start : ahead[words - 1].end]
