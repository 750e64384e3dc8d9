"""What else a file does with an installer's cache: it removes it, needs it, or brings one."""

from __future__ import annotations

import re

from pipslim.facts import leftovers
from pipslim.facts.installers import cache_dir, spelled
from pipslim.syntax.script import HOLE
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.facts.installers import Call, Tool
    from pipslim.facts.known import Facts
    from pipslim.facts.leftovers import Need
    from pipslim.facts.stages import StageFacts

    # the calls of each stage, by its number
    ByStage = Mapping[int, tuple[Call, ...]]


def removed_behind(call: Call, cache: str | None) -> bool:
    """Tell whether the script of a call removes a cache behind it, so that none is left."""
    programs = call.body.reading.programs
    tool = call.tool
    for program in programs:
        if program.outer <= call.program.outer or program.command.nest:
            continue
        if program.command.lead not in ("&&", ";", "\n"):
            continue
        values = [word.value for word in program.words]
        behind = spelled(values, tool)
        if behind and values[behind:] in (["cache", "clean"], ["clean"]):
            return True
        if program.name == "rm" and any(value[:1] == "-" and "r" in value for value in values):
            text = program.view.text[program.words[0].start : program.words[-1].end]
            if re.search(rf"\$\({tool.label} cache dir\)", text):
                return True
            moved = rf"\$(?:\{{{tool.variable}\}}|{tool.variable}\b)"
            if tool.variable and re.search(moved, text):
                return True
            if any(_covers(value, cache, tool.folder) for value in values[1:]):
                return True
    return False


def _covers(path: str, cache: str | None, folder: str) -> bool:
    """Tell whether removing a path removes a cache."""
    path = path.rstrip("/").removesuffix("/*") or "/"
    if path.startswith(("~/", HOLE + "/")):
        path = path[1:]
        ends = ("/.cache", f"/.cache/{folder}")
        return path in ends and (cache is None or cache.endswith(f"/.cache/{folder}"))
    return cache is not None and (cache == path or cache.startswith(path + "/"))


def needed(facts: Facts, stage: StageFacts, tool: Tool, calls: ByStage) -> Need | None:
    """Give the first command that needs the cache which a stage, or one FROM it, leaves; or None.

    `calls` are those of each stage, by its number.
    """
    places = {cache_dir(facts, call) for of_stage in calls.values() for call in of_stage}
    folders = frozenset(place for place in places if place)
    if not any(facts.mentions(sign) for sign in (".cache", *folders)):
        return None
    firsts = {}
    for each in facts.stages.all:
        own = calls.get(each.index)
        above = any(calls.get(link.index) for link in each.chain()[:-1])
        last = own[0].instruction if own else each.stage.last
        firsts[each.index] = each.stage.first if above else last
    family = [member.index for member in stage.family()]
    for need in leftovers.find_needs(facts, leftovers.Cache(tool.folder, folders, firsts)):
        if need.kind == leftovers.CACHE and need.stage in family:
            return need
    return None


def brought(facts: Facts, call: Call, cache: str | None) -> int | None:
    """Give where the first instruction begins that copies a cache in, ahead of a call; or None."""
    stage = facts.stages.of(call.instruction)
    places = frozenset([cache] if cache else [])
    for member in stage.chain() if stage is not None else ():
        last = min(call.instruction, member.stage.last)
        for number in range(member.stage.first + 1, last):
            instruction = facts.document.instructions[number]
            if instruction.keyword in ("COPY", "ADD"):
                target = instruction.arguments.split()[-1:]
                if any(
                    leftovers.names_cache(t.strip("\"'],"), call.tool.folder, places)
                    for t in target
                ):
                    return instruction.start
    return None
