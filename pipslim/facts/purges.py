"""Commands that empty pip's cache: what each removes, and what may be in the cache by then."""

from __future__ import annotations

from pipslim.facts.pipcalls import assigned
from pipslim.facts.runs import read_run
from pipslim.syntax.script import HOLE
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.facts.known import Facts
    from pipslim.facts.pipcalls import PipCall
    from pipslim.facts.programs import Program
    from pipslim.facts.runs import Body
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.script import Word

SIGNS = (".cache", "PIP_CACHE_DIR", "XDG_CACHE_HOME", "purge")

# How far a word of an `rm` reaches: pip's cache or a part of it; a folder around it, or a pattern
# that matches more; something else.
OWN, AROUND, OTHER = "own", "around", "other"
# What a purge does where a mount holds the cache: it fails at the mount point, or empties it.
POINT, INSIDE = "point", "inside"

_HOME_CACHE = lazy(r"(?:/root|/home/[^/*]+|~[^/]*)/\.cache/pip(?=/|$)")
_HOME_CACHES = lazy(r"(?:/root|/home/[^/*]+|~[^/]*)/\.cache")
_VARIABLE = lazy(r"\$(?:(\w+)|\{(\w+)\})")
_UNKNOWN = lazy(r"[$`\0'\"\\]")
_ANOTHER_USER = frozenset(("su", "su -c", "runuser", "runuser -c", "gosu", "su-exec", "chpst"))


class Aim(NamedTuple):
    """A word of an `rm`: its path as far as that is known, how far it reaches, and what mount."""

    word: Word
    path: str
    reach: str
    mount: str


class Purge(NamedTuple):
    """A command that empties a cache of pip, or an `rm` that does so besides.

    `number` is its instruction. `call` is the call of `pip cache purge`, None for an `rm`, whose
    operands are `aims`. `mount` is what it does to a mount, or nothing: POINT or INSIDE.
    """

    number: int
    start: int
    body: Body
    program: Program
    call: PipCall | None
    aims: tuple[Aim, ...]
    mount: str

    @property
    def alone(self) -> bool:
        """Whether it removes nothing but what is pip's."""
        return all(aim.reach == OWN for aim in self.aims)

    def place(self, offset: int) -> int:
        """Give the file offset of a character of the program's script."""
        return self.start + self.body.view.at(self.program.view.at(offset))

    @property
    def span(self) -> tuple[int, int]:
        """The file offsets of the first and behind the last of its words."""
        words = self.program.words
        return self.place(words[0].start), self.place(words[-1].end - 1) + 1


def purges(facts: Facts, stage: StageFacts) -> list[Purge]:
    """Give the purges in the RUNs of a stage, in order."""
    document = facts.document
    caches = _caches(facts, stage)
    found: list[Purge] = []
    for number in range(stage.stage.first + 1, stage.stage.last):
        instruction = document.instructions[number]
        if instruction.keyword != "RUN" or stage.windows:
            continue
        text = document.text[instruction.start : instruction.end]
        # a folder of one's own is told by the calls that name it
        if not any(sign in text for sign in SIGNS) and not any(each in text for each in caches):
            continue
        for body in read_run(document, number, facts.posix(number)).bodies:
            for program in body.reading.programs:
                aims = _aims(facts, number, body, program, caches)
                if any(aim.reach != OTHER for aim in aims):
                    mount = next((aim.mount for aim in aims if aim.mount), "")
                    start = instruction.start
                    found.append(Purge(number, start, body, program, None, aims, mount))
        for use in facts.pips_of(number):
            if use.call.subcommand == "cache" and _purges(use.call):
                mount = INSIDE if facts.cache_mount(use) else ""
                call = use.call
                start = instruction.start
                found.append(Purge(number, start, call.body, call.program, call, (), mount))
    return sorted(found, key=lambda each: each.span)


def _purges(call: PipCall) -> bool:
    words = [word.value for word in call.options if not word.value.startswith("-")]
    return words == ["purge"]


def _caches(facts: Facts, stage: StageFacts) -> frozenset[str]:
    """Give the folders of the caches of all calls of a chain of stages, but for --cache-dir."""
    found: set[str] = set()
    for member in stage.chain():
        for use in facts.pips(member).uses:
            folder = facts.cache_dir(use) if use.call.cache_dir is None else None
            if folder and folder.startswith("/") and HOLE not in folder:
                found.add(folder)
    return frozenset(found)


def _aims(
    facts: Facts, number: int, body: Body, program: Program, caches: frozenset[str]
) -> tuple[Aim, ...]:
    """Give the operands of an `rm`; nothing for another program."""
    if program.name != "rm":
        return ()
    found: list[Aim] = []
    operands = False
    for word in program.words[1:]:
        if word.value == "--":
            operands = True
        elif operands or not word.value.startswith("-"):
            path = _path(facts, number, body, program, word)
            reach = _reach(path, caches)
            mount = _mount(facts, number, path) if reach != OTHER else ""
            found.append(Aim(word, path, reach, mount))
    return tuple(found)


def _path(facts: Facts, number: int, body: Body, program: Program, word: Word) -> str:
    """Give the path that a word names, "" where that is not known.

    The home of a user whose home is not known is `~` and the user's name.
    """
    raw = program.view.text[word.start : word.end]
    if program.exec_form:
        return word.value
    if raw[0] == "'" and raw.find("'", 1) == len(raw) - 1:
        return raw[1:-1]
    quoted = len(raw) > 1 and raw[0] == raw[-1] == '"'
    if quoted:
        raw = raw[1:-1]
    if not any(each in _ANOTHER_USER for each in program.wrappers):
        names: Mapping[str, str] = {}
        if "$" in raw or raw.startswith("~/"):
            names = {**facts.stages.environment(number).names, **assigned(body)}
        home = names.get("HOME") or _home(facts, number)
        if raw.startswith("~/") and not quoted:
            raw = home + raw[1:]
        raw = _VARIABLE.sub(
            lambda m: home if m[1] == "HOME" or m[2] == "HOME" else names.get(m[1] or m[2], HOLE),
            raw,
        )
    return "" if _UNKNOWN.search(raw) else raw


def _home(facts: Facts, number: int) -> str:
    if facts.root(number):
        return "/root"
    return f"~{facts.stages.user(number) or ''}"


def _reach(path: str, caches: frozenset[str]) -> str:
    """Tell how far a path reaches."""
    if not path.startswith(("/", "~")):
        return OTHER
    folder = _folder(path)
    match = _HOME_CACHE.match(folder)
    if match is not None:
        return OWN
    if _HOME_CACHES.fullmatch(folder) or path.endswith("/.cache/pip*"):
        return AROUND
    reaches = OTHER
    for cache in caches:
        if folder == cache or folder.startswith(cache + "/"):
            return OWN
        if cache == f"{folder}/pip":  # XDG_CACHE_HOME
            reaches = AROUND
    return reaches


def _folder(path: str) -> str:
    """Give a path without the pattern, or the slash, at its end."""
    while path.endswith(("/", "/*", "/.*")):
        path = path.rstrip("*").rstrip(".").rstrip("/")
    return path


def _mount(facts: Facts, number: int, path: str) -> str:
    """Tell what becomes of a cache mount where a path is removed."""
    folder = _folder(path)
    for mount in facts.stages.mounts(number):
        target = mount.target.rstrip("/")
        if mount.type not in ("cache", "tmpfs") or not target:
            continue
        if target.startswith(folder + "/") or (target == folder and folder == path.rstrip("/")):
            return POINT
        if mount.type == "cache" and (target == folder or folder.startswith(target + "/")):
            return INSIDE
    return ""
