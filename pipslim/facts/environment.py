"""The environment before each instruction: what `$name` means, and what lands in the image."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

from pipslim.syntax.expand import BadExpansion, expand
from pipslim.syntax.pairs import Malformed, arguments, pairs
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipslim.syntax.document import Document, Instruction


_SETTING = frozenset(("ENV", "ARG", "FROM"))
_IDENTIFIER = lazy(r"\w+$")
_PLAIN = lazy(r"[\w./:,=@%+-]*$")


class Unexpandable(ValueError):
    """A variable that BuildKit cannot expand: `offset` in the file, and why."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(offset, reason)
        self.offset = offset
        self.reason = reason


class Environment(NamedTuple):
    """What holds before an instruction.

    `env` is what lands in the image. `names` is what `$name` means: ENV and ARG together, the
    later in the file wins (so BuildKit builds, measured; its reference says that ENV always does).
    A name in neither is unset, or comes from a base image that the file does not show.
    """

    env: Mapping[str, str]
    names: Mapping[str, str]


class _Change(NamedTuple):
    """An assignment: the number of its instruction, name, value, and whether an ENV made it."""

    number: int
    name: str
    value: str
    env: bool


class _Stage(NamedTuple):
    """A stage's FROM, what it starts with, and what it changes, in order."""

    first: int
    start: Environment
    changes: list[_Change]


class Environments:
    """The environments of a whole document, in one pass over it.

    `assumed` holds what base images bring. A build argument has its default; with `args`, each is
    given from outside, as that text and its name. Raises Unexpandable where BuildKit cannot expand
    a value. Source: Dockerfile reference, "Environment replacement".
    """

    __slots__ = ("_cache", "_firsts", "_stages")

    def __init__(
        self,
        document: Document,
        assumed: Mapping[str, str] | None = None,
        args: str = "",
    ) -> None:
        nothing: dict[str, str] = {}
        base = Environment(assumed or nothing, assumed or nothing)
        self._stages = [_Stage(-1, Environment(nothing, nothing), [])]
        self._cache: dict[tuple[int, int], Environment] = {}
        escape = document.escape
        env: dict[str, str] = {}
        names: dict[str, str] = {}
        global_args = names
        finals: dict[str, Environment] = {}
        name = ""
        changes = self._stages[0].changes
        for number, instruction in enumerate(document.instructions):
            keyword = instruction.keyword
            if keyword not in _SETTING:
                continue
            if keyword == "FROM":
                if len(self._stages) > 1:
                    finals[name] = finals[str(len(self._stages) - 2)] = Environment(env, names)
                reference, name = from_words(instruction)
                start = finals.get(reference.lower(), base)  # with its ARGs too: measured
                env, names = dict(start.env), dict(start.names)
                changes = []
                self._stages.append(_Stage(number, start, changes))
            elif keyword == "ENV":
                read = pairs(instruction, escape)
                if isinstance(read, Malformed):
                    raise Unexpandable(instruction.start, read.reason)
                found: list[tuple[str, str]] = []
                for pair in read:  # all expand with the environment before the instruction
                    key, value = pair.key, pair.value
                    if not _IDENTIFIER.match(key):
                        key = _expanded(instruction, pair.start, key, names, escape)
                    if not _PLAIN.match(value):
                        at = pair.end - len(value)
                        value = _expanded(instruction, at, value, names, escape)
                    found.append((key, value))
                for key, value in found:
                    env[key] = names[key] = value
                    changes.append(record(_Change, (number, key, value, True)))
            elif keyword == "ARG":
                for key, default in arguments(instruction, escape):
                    if args:
                        value = args + key
                    elif default is not None:
                        value = _expanded(instruction, instruction.args, default, names, escape)
                    elif names is not global_args and key in global_args:
                        value = global_args[key]
                    else:
                        continue
                    names[key] = value
                    changes.append(record(_Change, (number, key, value, False)))
        self._firsts = [stage.first for stage in self._stages]

    def at(self, number: int) -> Environment:
        """Give the environment before the instruction `number`; one past the last is the end.

        Before a FROM it is that at the end of the stage above it.
        """
        index = max(bisect_left(self._firsts, number) - 1, 0)
        stage = self._stages[index]
        count = bisect_left(stage.changes, number, key=lambda change: change.number)
        if not count:
            return stage.start
        found = self._cache.get((index, count))
        if found is None:
            env, names = dict(stage.start.env), dict(stage.start.names)
            for change in stage.changes[:count]:
                names[change.name] = change.value
                if change.env:
                    env[change.name] = change.value
            found = self._cache[index, count] = Environment(env, names)
        return found

    def changes(self) -> Iterator[tuple[int, str, str, bool]]:
        """Give what is set: number of the instruction, name, value, and whether an ENV does it."""
        for stage in self._stages:
            yield from stage.changes

    def replay(self) -> Replay:
        """Give a walk through the environments, from the first instruction to the end."""
        return Replay(self._stages)


class Replay:
    """A walk through the environments of a document, that tells what changes on the way."""

    __slots__ = ("_at", "_index", "_stages", "env", "names")

    def __init__(self, stages: list[_Stage]) -> None:
        self._stages = stages
        self._index = self._at = 0
        self.env: dict[str, str] = {}
        self.names: dict[str, str] = {}

    @property
    def upcoming(self) -> int:
        """The instruction that changes something next; very large where none does."""
        stage = self._stages[self._index]
        if self._at < len(stage.changes):
            return stage.changes[self._at].number
        following = self._index + 1
        return self._stages[following].first if following < len(self._stages) else 1 << 62

    def to(self, number: int) -> set[str]:
        """Go on to before the instruction `number`; give the names that may have changed."""
        changed: set[str] = set()
        while True:
            stage = self._stages[self._index]
            while self._at < len(stage.changes) and stage.changes[self._at].number < number:
                change = stage.changes[self._at]
                self._at += 1
                self.names[change.name] = change.value
                if change.env:
                    self.env[change.name] = change.value
                changed.add(change.name)
            if self._index + 1 == len(self._stages):
                return changed
            following = self._stages[self._index + 1]
            if following.first >= number:
                return changed
            changed.update(self.names, following.start.names)
            self.env, self.names = dict(following.start.env), dict(following.start.names)
            self._index += 1
            self._at = 0


def from_words(instruction: Instruction) -> tuple[str, str]:
    """Give the image word of a FROM and the lower-case name it declares, or nothing."""
    return _from_words(instruction.arguments)


@lru_cache(maxsize=512)
def _from_words(arguments: str) -> tuple[str, str]:
    words = [w for w in arguments.split() if not w.startswith("--")]
    name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
    return (words[0] if words else ""), name


def _expanded(
    instruction: Instruction, at: int, word: str, known: Mapping[str, str], escape: str
) -> str:
    try:
        return expand(word, known, escape)
    except BadExpansion as bad:
        at = min(at + bad.offset, len(instruction.view.text) - 1)
        raise Unexpandable(instruction.at(at), bad.message) from bad
