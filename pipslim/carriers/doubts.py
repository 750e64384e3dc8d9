"""Where a Dockerfile with holes may not be edited, since what fills them may decide what it does.

What is in a hole is not known, nor what is around it in the end: a condition may leave out the text
between two of them, a loop may repeat it. So a word is put in only where the command around it is
the same whatever fills the holes: its own words are text up to that place, and it begins behind an
operator that stands there as text.
"""

from __future__ import annotations

from bisect import bisect_left

from pipslim.facts.images import find_image
from pipslim.facts.known import Facts
from pipslim.facts.options import Options
from pipslim.syntax.document import Document
from pipslim.syntax.forms import flags, inner
from pipslim.syntax.parser import parse
from pipslim.syntax.script import HOLE, Command, Python, Script, Word
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipslim.facts.runs import Body
    from pipslim.syntax.document import Instruction

_BETWEEN = frozenset(("&&", "||", ";", "|", "|&", "&", "(", "{", "!", "then", "do", "else", "if"))
_FIRST_WITH_FLAG = (6,)
_NO_PIP_CACHE = ("/var/cache/apt", "/var/lib/apt", "/var/cache/dnf", "/var/cache/yum")


class Hole(NamedTuple):
    """A hole in a text: where it is, 0-based and half-open.

    `seen` tells that a word, or a part of one, stands for it there; else it is a comment or blanks,
    so that nobody who reads the text knows of it. With `text` it puts something out itself; with
    `leads` it is a condition or a loop, and so the text may go on behind another one; with `loop`,
    behind an earlier one. With `cache` it speaks of a cache.
    """

    start: int
    end: int
    seen: bool = True
    text: bool = True
    leads: bool = False
    loop: bool = False
    cache: bool = False


def doubts(text: str, holes: Sequence[Hole]) -> frozenset[int]:
    """Give the offsets of a Dockerfile's text that no edit may touch; holes are in order."""
    found: set[int] = set()
    for hole in holes:
        found.update(range(hole.start, hole.end + 1))
    document = parse(text)
    if not isinstance(document, Document) or check(document) is not None:
        return frozenset(found)
    facts = Facts(document, Options())
    whole = _may_be_old(facts)
    starts = [hole.start for hole in holes]
    for number, instruction in enumerate(document.instructions):
        if inner(instruction)[0] != "RUN":
            continue
        first, last = (bisect_left(starts, at) for at in (instruction.start, instruction.end))
        inside = holes[first:last]
        if whole or _is_mounted(instruction, document.escape, inside):
            found.update(range(instruction.start, instruction.end + 1))
        elif inside:
            for body in facts.run(number).bodies:
                for start, end in _of_body(body, instruction.start, inside):
                    found.update(range(start, end + 1))
    return frozenset(found)


def _may_be_old(facts: Facts) -> bool:
    """Tell whether one of the images, of which holes may choose, has a pip without the flag."""
    for stage in facts.stages.all:
        image = find_image(stage.reference) if stage.reference else None
        if image is not None and image.pip_max is not None and image.pip_max < _FIRST_WITH_FLAG:
            return True
    return False


def _is_mounted(instruction: Instruction, escape: str, holes: Sequence[Hole]) -> bool:
    """Tell whether a RUN has, or may have, a mount that its pip has its cache in."""
    given, end = flags(instruction, escape)
    if not given and not holes:
        return False
    text = instruction.view.text
    script = instruction.at(end) if end < len(text) else instruction.end
    if any(hole.start < script and (hole.seen or hole.text) for hole in holes):
        return True
    for flag in given:
        options = dict(option.partition("=")[::2] for option in flag.value.split(","))
        if flag.name == "mount" and options.get("type") in ("cache", "tmpfs"):
            if not options.get("target", options.get("dst", "")).startswith(_NO_PIP_CACHE):
                return True
    return False


def _of_body(body: Body, start: int, holes: Sequence[Hole]) -> Iterator[tuple[int, int]]:
    """Give the ranges of a text that are in doubt in a script, or in one in its words."""
    script = body.reading.script
    if not isinstance(script, Script):
        return
    inner_starts = [view.at(0) for view, _ in body.reading.nested if view.text]

    def place(offset: int) -> int:
        return start + body.view.at(offset)

    yield from _Judge(script, body.view.text, place, holes).ranges(inner_starts)
    for view, nested in body.reading.nested:
        if isinstance(nested, Python) and view.text:
            low, high = place(view.at(0)), place(view.after(len(view.text)) - 1)
            if any(low <= hole.start <= high for hole in holes):
                yield low, high + 1  # what Python reads then is not known
        if isinstance(nested, Script) and view.text:
            # the inner text's places, through the outer one
            def deep(offset: int, at: Callable[[int], int] = view.at) -> int:
                return place(at(offset))

            yield from _Judge(nested, view.text, deep, holes).ranges(())


class _Judge:
    """Tells what of a script is in doubt."""

    __slots__ = ("_commands", "_holes", "_leads", "_place", "_text", "_tokens", "_unseen", "_words")

    def __init__(
        self, script: Script, text: str, place: Callable[[int], int], holes: Sequence[Hole]
    ) -> None:
        self._text = text
        self._place = place
        self._commands = script.commands
        self._tokens = sorted(script.tokens, key=_end)
        self._words = {word.start for each in script.commands for word in _words_of(each)}
        low, high = place(0), place(len(text) - 1) if text else 0
        self._holes = [hole for hole in holes if low <= hole.start <= high]
        places = range(len(text))
        # where in the script they are, for those of which it knows nothing, or that lead elsewhere
        found = [
            (bisect_left(places, hole.start, key=place), hole)
            for hole in self._holes
            if hole.leads or not hole.seen
        ]
        self._unseen = [(at, hole) for at, hole in found if not hole.seen]
        self._leads = [(at, hole) for at, hole in found if hole.leads]

    def ranges(self, inner_starts: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Give the ranges in doubt; `inner_starts` are where scripts in words begin."""
        for command in self._commands:
            words = sorted(_words_of(command))
            if not words:
                continue
            doubt = not self._surely_begins(command) or self._speaks_of_caches(command)
            done = command.start
            for word in words:
                doubt = doubt or any(done < at <= word.start for at, _ in self._unseen)
                followed = any(word.start <= at < word.end for at in inner_starts)
                opens = HOLE in word.value or any(
                    word.start < a < word.end for a, _ in self._unseen
                )
                if doubt or (opens and not followed):
                    yield self._place(word.start), self._place(word.end - 1) + 1
                doubt = doubt or opens
                done = word.start

    def _speaks_of_caches(self, command: Command) -> bool:
        """Tell whether what is filled into a command may itself turn a cache off."""
        for _, _, value in command.words:
            if HOLE in value and ("no-cache" in value or "cache-dir" in value):
                return True  # a condition around the flag itself
        low, high = self._place(command.start), self._place(command.end - 1)
        return any(hole.cache and low <= hole.start <= high for hole in self._holes)

    def _surely_begins(self, command: Command) -> bool:
        """Tell whether a command begins where it seems to, whichever way leads to its first word.

        A condition leads from one hole of the script to a later one, a loop to an earlier one: so
        where such a hole stands ahead of the command, a command must be about to begin at each.
        """
        ahead = self._ahead(command.start)
        done = ahead.end if ahead is not None else 0
        direct = [hole for at, hole in self._unseen if done <= at <= command.start]
        if any(hole.text for hole in direct):
            return False
        if not any(hole.leads for hole in direct):
            return True
        again = any(hole.loop for at, hole in self._leads if at <= command.start)
        ways = [(at, hole) for at, hole in self._leads if again or at <= command.start]
        return all(not hole.seen and self._is_between(at) for at, hole in ways)

    def _is_between(self, at: int) -> bool:
        """Tell whether a command is about to begin at an offset of the script."""
        if any(command.start < at < command.end for command in self._commands):
            return False
        ahead = self._ahead(at)
        if ahead is None:
            return True
        if "\n" in self._text[ahead.end : at].replace("\\\r\n", "").replace("\\\n", ""):
            return True
        return ahead.start not in self._words and self._text[ahead.start : ahead.end] in _BETWEEN

    def _ahead(self, at: int) -> Word | None:
        """Give the last token that ends by an offset of the script."""
        index = bisect_left(self._tokens, at + 1, key=_end)
        return self._tokens[index - 1] if index else None


def _end(token: Word) -> int:
    return token.end


def _words_of(command: Command) -> list[Word]:
    targets = [each.target for each in command.redirects]
    return [*command.assignments, *command.words, *targets]
