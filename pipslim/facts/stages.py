"""Per stage: its base, and before each instruction its environment, user, shell and mounts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from pipslim.facts.bases import bases
from pipslim.facts.environment import Environment, Environments, from_words
from pipslim.facts.images import Origin, find_image
from pipslim.syntax.expand import BadExpansion, expand
from pipslim.syntax.forms import flags, json_strings
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipslim.facts.images import Image
    from pipslim.syntax.document import Document, Instruction, Stage

_NONE: list[int] = []
_EXPANDS = lazy("[$'\"\\\\`\ufeff]")  # what makes a value another text than it is written
_NO_SHELL = frozenset((Origin.WINDOWS, Origin.NONE))
_POSIX_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh", "mksh"))


class Mount(NamedTuple):
    """A `RUN --mount`, expanded: its type, where it is mounted, and its options as written."""

    type: str
    target: str
    options: Mapping[str, str]


class StageFacts:
    """One stage: what it starts from, and the stages that start from it.

    `reference` is the image after FROM, build arguments replaced by their defaults; None where one
    has no default. `parent` is the stage that it starts from, if one. `name` is lower-case.
    `image` is what is known of the outside image that its chain starts from; `windows` tells that
    this is a Windows image, or one without any shell.
    """

    __slots__ = (
        "children",
        "image",
        "index",
        "name",
        "parent",
        "platform",
        "reference",
        "stage",
        "windows",
    )

    def __init__(
        self,
        stage: Stage,
        name: str,
        reference: str | None,
        platform: str,
        parent: StageFacts | None,
    ) -> None:
        self.stage = stage
        self.index = stage.number
        self.name = name
        self.reference = reference
        self.platform = platform
        self.parent = parent
        self.children: list[StageFacts] = []
        if parent is not None:
            parent.children.append(self)
            self.image: Image | None = parent.image
        else:
            self.image = find_image(reference) if reference else None
        self.windows = self.image is not None and self.image.origin in _NO_SHELL

    def chain(self) -> list[StageFacts]:
        """Give the stages from the one with an outside base down to this one."""
        links: list[StageFacts] = []
        stage: StageFacts | None = self
        while stage is not None:
            links.append(stage)
            stage = stage.parent
        return links[::-1]

    def family(self) -> Iterator[StageFacts]:
        """Give this stage and all that start from it, directly or not."""
        yield self
        for child in self.children:
            yield from child.family()


class Stages:
    """The stages of a document, with what holds before each of its instructions."""

    __slots__ = ("_document", "_environments", "_firsts", "_literal", "_mounts", "_numbers", "all")

    def __init__(self, document: Document) -> None:
        self._document = document
        self._environments: Environments | None = None
        self._literal: bool | None = None
        self._mounts: dict[int, tuple[Mount, ...]] = {}
        self._numbers: dict[str, list[int]] = {}
        for number, instruction in enumerate(document.instructions):
            self._numbers.setdefault(instruction.keyword, []).append(number)
        self._firsts = [stage.first for stage in document.stages]
        self.all: tuple[StageFacts, ...] = self._link()

    def _link(self) -> tuple[StageFacts, ...]:
        document = self._document
        stages: list[StageFacts] = []
        named: dict[str, StageFacts] = {}
        for stage in document.stages:
            instruction = document.instructions[stage.first]
            reference, name = from_words(instruction)
            platform = ""
            if "--" in instruction.view.text:
                for flag in flags(instruction, document.escape)[0]:
                    platform = flag.value if flag.name == "platform" else platform
            resolved: str | None = reference
            if "$" in reference:
                resolved = bases(document)[stage.number]
            parent = named.get(reference.lower())
            facts = StageFacts(stage, name, resolved, platform, parent)
            if name:
                named[name] = facts
            named[str(stage.number)] = facts
            stages.append(facts)
        return tuple(stages)

    def of(self, index: int) -> StageFacts | None:
        """Give the stage that an instruction belongs to; None before the first FROM."""
        at = bisect_right(self._firsts, index) - 1
        return self.all[at] if at >= 0 else None

    def environment(self, index: int) -> Environment:
        """Give the environment before the instruction at `index`.

        Raises environment.Unexpandable where BuildKit cannot expand a value of the file.
        """
        return self.environments().at(index)

    def environments(self) -> Environments:
        """Give all environments; raises environment.Unexpandable as `environment` does."""
        if self._environments is None:
            self._environments = Environments(self._document)
        return self._environments

    @property
    def literal(self) -> bool:
        """Whether all that ENV and ARG set is what is written: nothing in them is expanded."""
        if self._literal is None:
            instructions = self._document.instructions
            numbers = [*self.numbers("ENV"), *self.numbers("ARG")]
            settings = "".join([instructions[number].view.text for number in numbers])
            self._literal = _EXPANDS.search(settings) is None
        return self._literal

    def user(self, index: int) -> str | None:
        """Give the user that the instruction at `index` runs as, as USER names it, group left out.

        None where no USER in the chain of stages says so: the base image's then.
        """
        at = self._last("USER", index)
        if at is None:
            return None
        word = self._document.instructions[at].arguments
        if "$" in word:
            try:
                word = expand(word, self.environment(at).names, self._document.escape)
            except BadExpansion:
                return ""
        return word.partition(":")[0].strip("\"'")

    def numbers(self, keyword: str) -> list[int]:
        """Give the numbers of all instructions of a kind, in order."""
        return self._numbers.get(keyword, _NONE)

    def _last(self, keyword: str, index: int) -> int | None:
        """Give the last instruction of a kind before `index`, in its stage and those above it."""
        numbers = self.numbers(keyword)
        stage = self.of(index)
        while stage is not None and numbers:
            at = bisect_left(numbers, min(index, stage.stage.last)) - 1
            if at >= 0 and numbers[at] > stage.stage.first:
                return numbers[at]
            stage = stage.parent
            index = len(self._document.instructions)
        return None

    def posix_shell(self, index: int) -> bool:
        """Tell whether a RUN in shell form at `index` is read by a POSIX shell (SHELL says so)."""
        at = self._last("SHELL", index)
        return at is None or _is_posix(self._document.instructions[at])

    def mounts(self, index: int) -> tuple[Mount, ...]:
        """Give the mounts of the RUN at `index`."""
        found = self._mounts.get(index)
        if found is None:
            found = self._mounts[index] = self._read_mounts(index)
        return found

    def _read_mounts(self, index: int) -> tuple[Mount, ...]:
        instruction = self._document.instructions[index]
        if "--mount" not in instruction.view.text:
            return ()
        found: list[Mount] = []
        for flag in flags(instruction, self._document.escape)[0]:
            if flag.name != "mount":
                continue
            options: dict[str, str] = {}
            for option in flag.value.split(","):
                key, _, value = option.partition("=")
                options[key.strip().lower()] = value.strip("\"'")
            target = options.get("target") or options.get("dst") or options.get("destination") or ""
            if "$" in target:
                try:
                    target = expand(target, self.environment(index).names, self._document.escape)
                except BadExpansion:
                    target = ""
            found.append(Mount(options.get("type", "bind").lower(), target, options))
        return tuple(found)


def _is_posix(instruction: Instruction) -> bool:
    strings = json_strings(instruction.view.text, instruction.args)
    if not strings or len(strings) < 2:
        return False
    words = [string.value for string in strings]
    if not words[-1].startswith("-") or not words[-1].endswith("c"):
        return False
    # a wrapper may stand before the shell: ["conda", "run", "-n", "x", "/bin/bash", "-c"]
    for word in words[-2::-1]:
        if word.rpartition("/")[2] in _POSIX_SHELLS:
            return True
        if not word.startswith("-") and word not in ("pipefail", "errexit", "nounset", "xtrace"):
            return False
    return False
