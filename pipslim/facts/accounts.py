"""The users that a Dockerfile makes: the ids and the home of the one in force."""

from __future__ import annotations

from pipslim.syntax.script import HOLE
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.facts.programs import Program

_MAKERS = frozenset(("useradd", "adduser"))
# Options that take a value, of useradd, of Debian's adduser, and of busybox's.
_VALUES = {
    "useradd": ("bcdefgGkKpRPsuZ", ""),
    "adduser": ("hgsGuk", "home shell uid gid ingroup gecos comment firstuid lastuid conf"),
}
_UID = frozenset(("-u", "--uid"))
_GID = frozenset(("-g", "--gid"))
_HOME = frozenset(("-d", "--home-dir", "--home"))
_LONG = frozenset(
    [
        "--base-dir",
        "--comment",
        "--expiredate",
        "--gid",
        "--groups",
        "--home",
        "--home-dir",
        "--inactive",
        "--key",
        "--password",
        "--prefix",
        "--root",
        "--selinux-user",
        "--shell",
        "--skel",
        "--uid",
    ]
)


class Account(NamedTuple):
    """A user: its id, that of its group where that is said, and its home, `` if not known."""

    name: str
    uid: str
    gid: str
    home: str


def account(facts: Facts, index: int) -> Account | None:
    """Give the user that the instruction at `index` runs as, where the file itself makes it.

    None for root, and for a user that only the image knows. A USER by its number is looked up by
    that number, as the builder does. Source: BuildKit sets HOME by the image's /etc/passwd.
    """
    user = facts.stages.user(index)
    if not user or user in ("root", "0"):
        return None
    found = [each for each in _made(facts, index) if user in (each.name, each.uid)]
    return found[0] if len(found) == 1 else None


def _made(facts: Facts, index: int) -> Iterator[Account]:
    """Give the users that are made ahead of an instruction, in its stage and those above it."""
    stage = facts.stages.of(index)
    for member in stage.chain() if stage is not None else ():
        end = index if member is stage else member.stage.last
        for number in range(member.stage.first + 1, end):
            instruction = facts.document.instructions[number]
            text = instruction.view.text
            if instruction.keyword == "RUN" and ("useradd" in text or "adduser" in text):
                for body in facts.run(number).bodies:
                    for program in body.reading.programs:
                        made = _read(program) if program.name in _MAKERS else None
                        if made is not None:
                            yield made


def _read(program: Program) -> Account | None:
    """Read a `useradd` or `adduser`; None where it hangs on variables, or adds to a group."""
    letters, names = _VALUES[program.name]
    busybox = program.name == "adduser"
    long = {f"--{name}" for name in names.split()} if busybox else _LONG
    uid = gid = home = ""
    system = False
    rest: list[str] = []
    words = iter(word.value for word in program.words[1:])
    for word in words:
        if HOLE in word:
            return None
        if not word.startswith("-"):
            rest.append(word)
            continue
        name, equals, value = word.partition("=")
        takes = name in long if word.startswith("--") else word[-1] in letters
        if not word.startswith("--"):
            name, equals = f"-{word[-1]}", ""
        if takes and not equals:
            value = next(words, "")
        if HOLE in value:
            return None
        if name in _UID:
            uid = value
        elif name in _GID and not (busybox and name == "-g"):
            gid = value
        elif name in _HOME or (busybox and name == "-h"):
            home = value
        system = system or name in ("--system", "-S")
    if len(rest) != 1 or not rest[0]:
        return None
    if not home and not (busybox and system):
        home = f"/home/{rest[0]}"
    return Account(
        rest[0], uid if uid.isdecimal() else "", gid if gid.isdecimal() else "", home.rstrip("/")
    )
