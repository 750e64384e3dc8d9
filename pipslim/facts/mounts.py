"""Cache mounts: which one a call of pip needs, and whether a RUN can have one."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from pipslim.facts.accounts import account
from pipslim.facts.conf import VARIABLE, is_written, may_bring
from pipslim.facts.flag import OUTPUT_READ
from pipslim.facts.leftovers import CACHE
from pipslim.facts.pipcalls import CACHE_WRITERS, is_no_cache
from pipslim.facts.purges import SIGNS, purges
from pipslim.syntax.forms import flags
from pipslim.syntax.script import HOLE
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.programs import Program
    from pipslim.facts.purges import Purge
    from pipslim.facts.stages import Mount, StageFacts
    from pipslim.syntax.document import Flag
    from pipslim.syntax.script import Word

_PLAIN = lazy(r"/[\w./@+-]+$")
_OTHER_USER = {"su -c", "runuser -c", "su", "runuser", "gosu", "su-exec", "chpst", "doas"}
_SUDO_USER = lazy(r"\bsudo\b(?:\s+-\S+)*?\s+(?:-\w*u|--user\b)")
_WRITE_NO_CACHE = {
    "cd",
    "chmod",
    "echo",
    "export",
    "find",
    "ls",
    "mkdir",
    "rm",
    "set",
    "test",
    "true",
}
# tools that run a pip of their own, and take its variables
_RUN_PIP = ("pipenv", "pipx", "pip-sync", "poetry", "hatch", "tox", "nox", "--upgrade-deps")
_SIGNS_OF_BUILDKIT = ("# syntax", "#syntax", "--mount=", "<<", "--link", "--network=")


class Wanted(NamedTuple):
    """A cache mount that a call needs: the flag as it is written, and where it is mounted."""

    flag: str
    target: str


class Unfit(NamedTuple):
    """Why a call cannot have a cache mount, or nothing where it needs none.

    `refers` is the file offset of a line that `{line}` in the reason means, or -1.
    """

    why: str
    refers: int = -1


NONE_NEEDED = Unfit("")
READ = Unfit(OUTPUT_READ)
ONBUILD = Unfit("who runs an ONBUILD is not known")


def wanted(facts: Facts, use: Use) -> Wanted | Unfit:
    """Give the cache mount that a call needs, whatever its RUN has by now.

    Source: pip's documentation, "Caching"; Docker's, "RUN --mount=type=cache". A folder that
    another user owns is no cache to pip, so the mount is made the user's own.
    """
    call = use.call
    if call.subcommand not in CACHE_WRITERS or call.cache_dir is not None or use.pip.rejects_flag:
        return NONE_NEEDED
    if use.onbuild:
        return ONBUILD
    if call.read:  # without the mount, it would have no flag either
        return READ
    own = [other.call.program for other in facts.pips_of(use.instruction)]
    own_id = facts.options.cache_id
    found = mount_for(facts, use.instruction, call.program, facts.cache_dir(use), own, own_id)
    if isinstance(found, Unfit):
        return found
    return _in_the_way(facts, use, found.target) or found


def mount_for(
    facts: Facts,
    number: int,
    program: Program,
    target: str | None,
    own: Collection[Program],
    own_id: str,
) -> Wanted | Unfit:
    """Give the mount at `target` for a program of the RUN `number`, as its user needs it.

    `own` are the programs of that RUN which have the same cache, `own_id` is the id that it gets,
    if one. `target` is None where the place of the cache is not known.
    """
    text = program.view.text[program.command.start : program.command.end]
    if _OTHER_USER.intersection(program.wrappers) or _SUDO_USER.search(text):
        return Unfit("another user runs it than the one of the RUN")
    if target is None:
        return Unfit("where its user has a cache is not known")
    if HOLE in target or not _PLAIN.match(target):
        return Unfit("the place of its cache cannot be written in a mount")
    owner = ""
    if "sudo" not in program.wrappers and not facts.root(number):
        made = account(facts, number)
        if made is None or not made.uid:
            return Unfit("the number of its user is not known")
        other = _beside(facts, number, own)
        if other:
            return Unfit(f"`{other}` in its RUN could not write to a folder around the mount")
        owner = f",uid={made.uid}" + (f",gid={made.gid}" if made.gid else "")
    named = f",id={own_id}" if own_id else ""
    flag = f"--mount=type=cache,target={target},sharing=locked{named}{owner}"
    return Wanted(flag, target)


def will_be_mounted(facts: Facts, use: Use) -> bool:
    """Tell whether a call gets a cache mount, or has one already."""
    if facts.cache_mount(use):
        return True
    if not isinstance(wanted(facts, use), Wanted) or reliance(facts) is not None:
        return False
    return all(
        isinstance(wish, Wanted) or not wish.why
        for wish in [wanted(facts, other) for other in facts.pips_of(use.instruction)]
    )


def own_mount(facts: Facts, use: Use) -> tuple[Mount, Flag] | None:
    """Give the cache mount of a call's RUN that serves pip's cache alone, with its flag."""
    return mount_at(facts, use.instruction, facts.cache_dir(use))


def mount_at(facts: Facts, number: int, target: str | None) -> tuple[Mount, Flag] | None:
    """Give the cache mount of the RUN `number` at a folder, with its flag; None without one."""
    instruction = facts.document.instructions[number]
    given = [f for f in flags(instruction, facts.document.escape)[0] if f.name == "mount"]
    for mount, flag in zip(facts.stages.mounts(number), given, strict=True):
        if mount.type == "cache" and target and mount.target.rstrip("/") == target:
            return mount, flag
    return None


def no_cache_words(use: Use) -> tuple[Word, ...] | None:
    """Give the words of a call that turn its cache off; None where a variable brings one."""
    program = use.call.program
    found = [word for word in use.call.options if is_no_cache(word.value)]
    for word in found:
        if word not in program.words or HOLE in program.view.text[word.start : word.end]:
            return None
        if "$" in program.view.text[word.start : word.end]:
            return None
    return tuple(found)


def reliance(facts: Facts) -> Unfit | None:
    """Tell why the variable that turns the cache off must stay; None where it may go, or is not.

    It may where every call that relies on it has a mount then.
    """
    if not facts.mentions(VARIABLE):
        return None
    text = facts.document.text
    if f"${VARIABLE}" in text or f"${{{VARIABLE}" in text:
        return Unfit(f"{VARIABLE} is used for something else, too")
    for tool in _RUN_PIP:
        if facts.mentions(tool):
            return Unfit(f"{tool} may rely on {VARIABLE}")
    for stage in facts.stages.all:
        pips = facts.pips(stage)
        if pips.undecided:
            return Unfit(f"line {{line}} may rely on {VARIABLE}", pips.undecided[0][0])
        for use in pips.uses:
            if use.call.subcommand not in CACHE_WRITERS or not facts.cache_off(use):
                continue
            if VARIABLE in [w.value.partition("=")[0] for w in use.call.program.variables]:
                return Unfit(f"line {{line}} sets {VARIABLE} itself", use.start)
            env = facts.stages.environment(use.instruction).env
            if not env.get(VARIABLE):
                return Unfit(f"an ARG {VARIABLE} turns the cache off")
            if not facts.cache_mount(use) and not isinstance(wanted(facts, use), Wanted):
                return Unfit(f"line {{line}} relies on {VARIABLE}", use.start)
    return None


def shows_buildkit(facts: Facts) -> bool:
    """Tell whether a file has what only BuildKit builds, or asks for its frontend."""
    return any(facts.mentions(sign) for sign in _SIGNS_OF_BUILDKIT)


def _beside(facts: Facts, number: int, own: Collection[Program]) -> str:
    """Give a program of a RUN, `own` and what surely writes no cache aside, or nothing.

    While a RUN has a mount, BuildKit's folders around it are root's (`~/.cache`), as built: another
    user cannot write there, and when the RUN ends they are gone.
    """
    for body in facts.run(number).bodies:
        for program in body.reading.programs:
            if program not in own and program.name not in _WRITE_NO_CACHE:
                return program.name
    return ""


def _in_the_way(facts: Facts, use: Use, target: str) -> Unfit | None:
    """Tell what of a file keeps a mount at `target` from a call's RUN, if anything does."""
    stage = facts.stages.of(use.instruction)
    assert stage is not None
    need = facts.needed(stage, CACHE)
    if need is not None:
        return Unfit(f"line {{line}} needs the cache: `{need.name}`", need.start)
    own = [purge.program for purge in own_purges(facts, use)]
    removed = removal_of(facts, use.instruction, target, own)
    if removed is not None:
        return removed
    words = no_cache_words(use)
    if words is None:
        return Unfit("a variable turns its cache off")
    return _conf_in_the_way(facts, stage)


def removal_of(
    facts: Facts, number: int, target: str, but: Collection[Program] = ()
) -> Unfit | None:
    """Tell whether the RUN `number` removes what a mount at `target` would be, `but` aside.

    A mount point cannot be removed, nor the folders around it: the build would fail.
    """
    for program, word in _removed(facts, number):
        if program not in but and _meets(word, target):
            told = f"{program.name} {word.replace(HOLE, '…')}"
            return Unfit(f"its RUN removes the cache: `{told}`")
    return None


def _conf_in_the_way(facts: Facts, stage: StageFacts) -> Unfit | None:
    """Tell whether settings that a stage brings turn the cache off; those of ours are changed."""
    chain = [*stage.chain()[:-1], *stage.family()]
    if not may_bring(facts, chain) or is_written(facts, chain):
        return None
    from pipslim.facts.brought import brought
    from pipslim.facts.settings import Unreadable, read_settings, said

    for member in chain:
        for item in brought(facts, member):
            keys = item.keys or read_settings(item.text)
            if not isinstance(keys, Unreadable) and said(keys, "install", "no-cache-dir"):
                at = facts.document.instructions[item.start].start
                return Unfit("the pip settings of line {line} turn the cache off", at)
    return None


def own_purges(facts: Facts, use: Use) -> list[Purge]:
    """Give the commands of a call's RUN that empty pip's cache and nothing else.

    They go where the RUN gets a mount, for a mount point cannot be removed, and in a mount they
    would empty what is to be kept.
    """
    stage = facts.stages.of(use.instruction)
    if stage is None or not any(facts.mentions(sign) for sign in SIGNS):
        return []
    found = purges(facts, stage)
    return [each for each in found if each.number == use.instruction and each.alone]


def _removed(facts: Facts, number: int) -> Iterator[tuple[Program, str]]:
    """Give the paths that commands of the RUN `number` remove, behind those commands."""
    for body in facts.run(number).bodies:
        for program in body.reading.programs:
            if program.name in ("rm", "rmdir", "unlink", "shred"):
                yield from [(program, word.value) for word in program.words[1:]]
            elif program.name == "find":
                values = [word.value for word in program.words]
                if "-delete" in values:
                    yield from [(program, f"{value}/*") for value in values[1:] if value[:1] != "-"]


def _meets(path: str, target: str) -> bool:
    """Tell whether a path, which may be a pattern, is a mounted folder, in it, or around it."""
    if HOLE in path:
        return "cache" in path or path.strip('"') == HOLE
    if path.startswith("~"):
        return "cache" in path or path.strip("/*") == "~"
    if not path.startswith("/"):
        return ".cache" in path
    path = posixpath.normpath(path)
    if path.startswith(f"{target}/"):
        return True
    while len(target) > 1:
        if fnmatchcase(target, path):
            return True
        target = posixpath.dirname(target)
    return path == "/"
