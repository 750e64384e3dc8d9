"""The calls of get-pip.py in a stage: by a file's name, or through a pipe; and where it is from."""

from __future__ import annotations

from pipslim.facts.installers import Call, Tool, runs
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from pipslim.facts.known import Facts
    from pipslim.facts.programs import Program
    from pipslim.facts.stages import StageFacts

SIGN = "get-pip"
GET_PIP = Tool(
    label="get-pip.py",
    names=frozenset(),
    modules=frozenset(),
    signs=(SIGN,),
    subcommands=frozenset(),
    with_value=frozenset(),
    folder="pip",
    variable="PIP_CACHE_DIR",
)
_PYTHON = lazy(r"(?:python|pypy)[\d.]*$")
_FILE = lazy(r"(?:^|/)get-pip\.py$")
_PIPED = lazy(r"get-pip\.py[^&;\n]*\|\s*$")
_STDIN = ("-", "/dev/stdin")
# Of these none is older than pip 7, which knows the option: pypa/get-pip begins with pip 8.
_KNOWN = lazy(
    r"(?:bootstrap\.pypa\.io|(?:raw\.)?github(?:usercontent)?\.com/pypa/get-pip)/[\w./$\{\}-]*"
    r"get-pip\.py"
)
_ADDRESS = lazy(r"\w+://[^\s\"';|&<>()]*get-pip\.py")


def find_get_pips(facts: Facts, stage: StageFacts) -> tuple[Call, ...]:
    """Give the calls of get-pip.py in a stage; the anchor is what its options go behind.

    The anchor is the word of the interpreter where that is told nothing, and reads its script from
    a pipe: there the options go behind a dash.
    """
    found: list[Call] = []
    for number in runs(facts, stage, GET_PIP.signs):
        instruction = facts.document.instructions[number]
        onbuild = instruction.keyword == "ONBUILD"
        for body in facts.run(number).bodies:
            for program in body.reading.programs:
                at = _script(program) if _PYTHON.match(program.name) else -1
                if at < 0:
                    continue
                words = program.words
                name = words[at].value if at else "- < get-pip.py"
                spelling = f"{program.name} {name}"
                if name in _STDIN:
                    spelling += " < get-pip.py"
                place = number, instruction.start, onbuild
                rest = words[at + 1 :]
                found.append(
                    Call(GET_PIP, body, program, spelling, (), words[at], (), rest, *place)
                )
    return tuple(found)


def _script(program: Program) -> int:
    """Give the number of the word that names get-pip.py or a pipe of it, 0 for none; -1 if not."""
    words = program.words
    at = 1
    while at < len(words) and words[at].value.startswith("-") and words[at].value != "-":
        if words[at].value[-1] in "cm":
            return -1
        at += 2 if words[at].value in ("-W", "-X") else 1
    if at < len(words) and _FILE.search(words[at].value):
        return at
    start = program.command.start
    if program.command.lead != "|" or not _PIPED.search(program.view.text[:start]):
        return -1
    if at < len(words):
        return at if words[at].value in _STDIN else -1
    return 0 if len(words) == 1 else -1


def unknown_source(facts: Facts, call: Call) -> str:
    """Tell why it is not known that a get-pip.py is of pip 6 or later, or nothing."""
    stage = facts.stages.of(call.instruction)
    instructions = facts.document.instructions
    parts: list[str] = []
    copied = False
    for member in stage.chain() if stage is not None else ():
        last = min(call.instruction + 1, member.stage.last)
        for number in range(member.stage.first, last):
            text = instructions[number].view.text
            if instructions[number].heredocs:
                text = facts.document.text[instructions[number].start : instructions[number].end]
            if SIGN in text:
                parts.append(text)
                copied = copied or (instructions[number].keyword in ("COPY", "ADD"))
    text = "\n".join(parts)
    if any(_KNOWN.search(each) is None for each in _ADDRESS.findall(text)):
        return "this get-pip.py may be of a pip older than 6.0, which rejects the flag"
    if _KNOWN.search(text):
        return ""
    if copied:
        return (
            "the get-pip.py of the build context may be older than pip 6.0's, and reject the flag"
        )
    return "where this get-pip.py is from cannot be seen; one older than pip 6.0 rejects the flag"
