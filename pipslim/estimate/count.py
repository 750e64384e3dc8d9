"""How many bytes pip's cache would leave in an image, without building it.

Where the numbers come from: `cache` is what pip writes for the files, index pages and metadata that
the newest fitting versions need. `low` leaves out what pip may not do or keep: answers without
caching headers, calls that may not run, projects that the image may have, the headers of answers,
and all that a pip before 10 packs, to an unknown size.
`high` counts each header twice, for those that the build gets differ from those seen here. For an
sdist it counts the unpacked size too: the wheel that pip builds and keeps of a pure Python project
is no larger. For a pip before 10 it counts what base64 adds, in which that one keeps answers. Where
the Python is a guess, `low` and `high` take the smallest and the largest file of a version.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from pipslim.estimate.index import Unreachable
from pipslim.estimate.values import CachedFile, Estimate, Unseen, without_secrets
from pipslim.facts.context import Context, Found
from pipslim.facts.environment import Unexpandable
from pipslim.facts.known import Facts
from pipslim.facts.options import Options
from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.files.context import ContextFolder
from pipslim.syntax.document import Unparsable
from pipslim.syntax.parser import parse
from pipslim.syntax.startup import TYPE_CHECKING
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from pipslim.estimate.index import Answer, Index
    from pipslim.estimate.requirements import Asked
    from pipslim.estimate.resolve import Pick, Resolver
    from pipslim.estimate.targets import Target
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts

__all__ = ["CachedFile", "Estimate", "Unseen", "estimate"]

_BRANCHES = frozenset(("if", "while", "until", "for", "case", "function"))
_SELFCHECK = 90  # of pip's check for a new version: a key, a date, a version; measured
_FIRST_MSGPACK = (10,)  # CacheControl 0.12: bodies as they are; before, base64 in packed JSON
_FIRST_JSON_PAGES = (22, 2)
_FIRST_METADATA = (23, 2)


def estimate(text: str, context: str, index: Index, *, dockerfile: str = "") -> Estimate:
    """Estimate what pip's cache would leave in the image of a Dockerfile, in bytes.

    `text` is the Dockerfile, `context` the folder of its build context, `dockerfile` its name for
    what is told of the whole file. Counted are the calls of the last stage and of those it starts
    from, if pipslim would turn their cache off. It does not raise: what cannot be read, found or
    reached is in `unseen`.
    """
    document = parse(text)
    problem = document if isinstance(document, Unparsable) else check(document)
    if problem is not None or isinstance(document, Unparsable):
        assert problem is not None
        line = text.count("\n", 0, problem.offset) + 1
        return Estimate(0, 0, 0, (), (Unseen(line, dockerfile or "Dockerfile", problem.reason),))
    facts = Facts(document, Options())
    count = _Count(facts, Context(facts, ContextFolder(dockerfile, context)), index)
    try:
        for stage in facts.stages.all[-1].chain() if facts.stages.all else ():
            count.stage(stage)
    except Unexpandable as error:
        line = document.line(error.offset)
        count.unseen.append(Unseen(line, dockerfile or "Dockerfile", error.reason))
    return count.done()


class _Count:
    """Adds up what the calls of a Dockerfile leave."""

    def __init__(self, facts: Facts, context: Context, index: Index) -> None:
        from pipslim.estimate.resolve import Resolver  # it brings `packaging`

        self.facts = facts
        self.context = context
        self.index = index
        self.resolver: Resolver = Resolver(index)
        self.files: list[CachedFile] = []
        self.unseen: list[Unseen] = []
        self.low = self.high = self.other = 0
        self.paged: set[str] = set()
        self.checked = self.warned = False

    def done(self) -> Estimate:
        """Give the sums."""
        cache = sum(file.bytes for file in self.files) + self.other
        unseen = tuple(dict.fromkeys(self.unseen))
        high = max(self.high, cache)
        return Estimate(cache, min(self.low, cache), high, tuple(self.files), unseen, self.other)

    def stage(self, stage: StageFacts) -> None:
        """Take the calls of a stage, and what in it cannot be followed."""
        pips = self.facts.pips(stage)
        line = self.facts.document.line
        for offset, reason in pips.undecided:
            if reason:
                self.unseen.append(Unseen(line(offset), "a call of pip", reason))
        for use in pips.uses:
            if use.call.subcommand not in CACHE_WRITERS or use.call.turns_cache_off:
                continue
            why_not = self.spared(use)
            if why_not is None:
                self.call(use, stage)
            elif why_not:
                at = line(use.span().start)
                self.unseen.append(Unseen(at, without_secrets(use.call.program.written), why_not))

    def spared(self, use: Use) -> str | None:
        """Tell that a call is not to be counted, with what to tell of it; None where it is."""
        facts = self.facts
        if use.onbuild:
            return "ONBUILD: it runs in other builds"
        if facts.cache_mount(use):
            return ""
        if _removed(facts, use):
            return ""
        if use.call.cache_dir is not None:
            return "it asks for a cache with --cache-dir, which a rewrite leaves to it"
        if facts.cache_off(use) or use.pip.rejects_flag or self.conf(use):
            return ""
        if use.pip.low == use.pip.high and (19, 0) <= use.pip.low < (19, 0, 2):
            return "pip 19.0 and 19.0.1 crash where their cache is turned off"
        return None

    def conf(self, use: Use) -> bool:
        """Tell whether a pip.conf that the file brings turns the cache of a call off already."""
        facts = self.facts
        stage = facts.stages.of(use.instruction)
        for member in stage.chain() if stage is not None else ():
            number = facts.brings_conf(member)
            if number is None or number >= use.instruction:
                continue
            instruction = facts.document.instructions[number]
            text = facts.document.text[instruction.start : instruction.end]
            if "no-cache-dir" in text:
                return True
            found = self.context.read("/etc/pip.conf", use.instruction)
            if isinstance(found, Found) and "no-cache-dir" in found.text:
                return True
        return False

    def call(self, use: Use, stage: StageFacts) -> None:
        """Take one call."""
        from pipslim.estimate.requirements import read_call
        from pipslim.estimate.targets import target

        aim = target(use, stage)
        asked = read_call(use, self.facts, self.context, aim.marker)
        if "--no-index" not in asked.options:
            sure = aim.bare and not _BRANCHES & {*use.call.program.command.nest}
            sure = sure and use.call.program.command.lead != "||" and not asked.elsewhere
            self.requirements(use, asked, aim, sure)
            if aim.assumed and asked.wanted:
                root = self.facts.document.instructions[stage.chain()[0].stage.first]
                line = self.facts.document.line(root.start)
                asked.miss(stage.chain()[0].reference or "the base image", aim.assumed, line)
        self.unseen += asked.unseen

    def requirements(self, use: Use, asked: Asked, aim: Target, sure: bool) -> None:
        """Take what a call asks for, and what the builds of its sdists ask for."""
        picks = self.resolver.resolve(asked, aim)
        for pick in picks:
            self.file(pick, use, asked, aim, sure and pick.name not in aim.maybe)
        for pick in picks:
            if not pick.is_wheel and use.call.subcommand != "download":
                what = f"the wheel that pip builds of {pick.file.name} and keeps"
                asked.miss(what, "its size is not known", pick.wanted.line)
        self.builds(picks, use, asked, aim, sure)
        self.pages(asked, aim, sure)
        if picks and not self.checked:
            self.version_check(use, asked, aim)

    def builds(self, picks: list[Pick], use: Use, asked: Asked, aim: Target, sure: bool) -> None:
        """Take what pip installs to build sdists, in an environment of its own."""
        from packaging.requirements import InvalidRequirement, Requirement

        from pipslim.estimate.requirements import Asked, applies, wanted

        if "--no-build-isolation" in asked.options:
            return
        inner = Asked(asked.line, asked.marker)
        for pick in picks:
            for text in (pick.archive.builds or ()) if pick.archive is not None else ():
                try:
                    found = Requirement(text)
                except InvalidRequirement:
                    continue
                if applies(found, asked.marker) and not found.url:
                    why = f"builds {pick.name} {pick.version}"
                    inner.wanted.append(wanted(found, why, pick.wanted.line))
            if not pick.is_wheel and (pick.archive is None or pick.archive.builds is None):
                what = f"the build of {pick.file.name}"
                asked.miss(what, "which projects it downloads is not known", pick.wanted.line)
        if inner.wanted:
            isolated = aim._replace(there={}, maybe=frozenset())
            for pick in self.resolver.resolve(inner, isolated):
                self.file(pick, use, asked, aim, sure)
            asked.unseen += inner.unseen

    def file(self, pick: Pick, use: Use, asked: Asked, aim: Target, sure: bool) -> None:
        """Add a file, its metadata, and the wheel that is built of it."""
        file = pick.file
        try:
            size = self.index.size(file)
            sample = self.index.sample(file)
        except Unreachable as error:
            asked.miss(file.name, error.reason, pick.wanted.line)
            return
        why = pick.wanted.why
        self.files.append(CachedFile(pick.name, str(pick.version), file.name, size, why))
        self.header(sample, aim, asked)
        others = [other.size for other in pick.others if other.size and aim.assumed]
        others.append(size)
        self.low += min(others) if sure and sample.kept and not _in_base64(1, aim) else 0
        self.high += max(others) + _in_base64(max(others), aim)
        if not pick.is_wheel and use.call.subcommand != "download":
            self.high += (pick.archive.unpacked if pick.archive is not None else size) + 1024
        if file.metadata and use.pip.high >= _FIRST_METADATA and pick.is_wheel:
            if "--require-hashes" not in asked.options:
                try:
                    told = self.index.metadata(file)
                except Unreachable:
                    return
                self.answer(told, aim, asked, sure and aim.oldest >= _FIRST_METADATA)

    def pages(self, asked: Asked, aim: Target, sure: bool) -> None:
        """Add the index pages that were read since the last time."""
        for name, html in self.resolver.pages.items():
            if name in self.paged:
                continue
            self.paged.add(name)
            known = sure and (html or aim.oldest >= _FIRST_JSON_PAGES)
            self.answer(self.index.page(name, html=html).answer, aim, asked, known)

    def version_check(self, use: Use, asked: Asked, aim: Target) -> None:
        """Add what pip's check for a new version leaves: the page of pip, and when it was read."""
        self.checked = True
        off = self.facts.variables(use).get("PIP_DISABLE_PIP_VERSION_CHECK", "0")
        if "--disable-pip-version-check" in asked.options or off.lower() not in ("0", "", "false"):
            return
        stage = self.facts.stages.of(use.instruction)
        if use.pip.origin == "packages" or stage is None:
            return  # distributions turn it off
        try:
            page = self.index.page("pip", html=aim.html)
        except Unreachable:
            return
        if "pip" not in self.paged:
            self.paged.add("pip")
            self.answer(page.answer, aim, asked, False)
        self.other += _SELFCHECK
        self.high += 2 * _SELFCHECK

    def answer(self, answer: Answer, aim: Target, asked: Asked, sure: bool) -> None:
        """Add an answer that is no file: a page, or metadata."""
        self.other += answer.size
        self.low += answer.size if sure and answer.kept and not _in_base64(1, aim) else 0
        self.high += answer.size + _in_base64(answer.size, aim)
        self.header(answer, aim, asked)

    def header(self, answer: Answer, aim: Target, asked: Asked) -> None:
        """Add what pip writes about an answer."""
        self.other += answer.header
        self.high += 2 * answer.header + _in_base64(2 * answer.header, aim)
        if not answer.kept and not self.warned:
            self.warned = True
            what = f"the index {self.index.url}"
            asked.miss(what, "no https, or answers that may not be cached: pip may keep none")


def _in_base64(size: int, aim: Target) -> int:
    """Give what an older pip adds to so many bytes; nothing where pip is new."""
    return (size + 2) // 3 + 4 if aim.oldest < _FIRST_MSGPACK else 0


def _removed(facts: Facts, use: Use) -> bool:
    """Tell whether a command behind a call, in the same RUN, removes pip's cache."""
    cache = facts.cache_dir(use)
    home = facts.variables(use).get("HOME") or "/root"
    known = cache if cache is not None else f"{home}/.cache/pip"
    program = use.call.program
    after = False
    for other in use.call.body.reading.programs:
        if other is program:
            after = True
        if not after or other is program:
            continue
        words = [word.value for word in other.words]
        if words[-2:] == ["cache", "purge"] and "pip" in other.view.text[: other.words[-1].start]:
            return True
        if other.name != "rm":
            continue
        for word in other.words[1:]:
            raw = other.view.text[word.start : word.end].replace('"', "").replace("'", "")
            for name in ("~", "$HOME", "${HOME}"):
                if raw.startswith(name):
                    raw = home + raw[len(name) :]
            pattern = raw.rstrip("/").removesuffix("/*").removesuffix("/.")
            if _covers(pattern, known):
                return True
    return False


def _covers(pattern: str, path: str) -> bool:
    """Tell whether a pattern of the shell takes a path or a folder around it."""
    while path.strip("/"):
        if pattern.count("/") == path.count("/") and fnmatchcase(path, pattern):
            return True
        path = path.rpartition("/")[0]
    return False
