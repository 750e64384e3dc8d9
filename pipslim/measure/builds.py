"""Builds of a Dockerfile as it is and as the rewrite leaves it, and what is in both images."""

from __future__ import annotations

import re
import statistics
from pathlib import PurePath
from typing import TYPE_CHECKING

from pipslim.files import disk
from pipslim.measure.engine import Build, Failed, Start
from pipslim.rewrite.engine import rewrite
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipslim.measure.engine import Engine
    from pipslim.rewrite.engine import Choice

_CACHE = re.compile(r"/\.cache/pip/")
_BYTECODE = (".pyc", ".pyo")


class Amount(NamedTuple):
    """A kind of files in an image: how many, and their bytes."""

    files: int
    size: int


class Image(NamedTuple):
    """What was found in one image.

    `size` is the bytes of all layers, `cache` what pip left in its cache, `bytecode` compiled
    modules, `seconds` what the build took by the clock, `start` the median of the runs of the
    command that was to be timed, None where there was none.
    """

    size: int
    layers: int
    cache: Amount
    bytecode: Amount
    seconds: float
    start: Start | None


class Measured(NamedTuple):
    """One Dockerfile: both images, or `problem`, why there is none of them.

    `changed` tells whether the rewrite changes it; where it does not, both images are the same.
    """

    path: str
    changed: bool
    before: Image | None
    after: Image | None
    problem: str = ""

    @property
    def saved(self) -> int:
        """The bytes that the image gets smaller; negative where it grows."""
        return self.before.size - self.after.size if self.before and self.after else 0


class Wish(NamedTuple):
    """What is to be measured and how; but for `choice` the same for all files.

    `context` is the folder of the build context, by default the Dockerfile's own. `command` is
    timed `runs` times in new containers of both images, in turn. `more` goes to the engine.
    """

    choice: Choice
    context: str = ""
    target: str = ""
    build_args: tuple[str, ...] = ()
    fresh: bool = True
    command: str = ""
    runs: int = 5
    more: tuple[str, ...] = ()


def measure(path: str, engine: Engine, wish: Wish, tell: Callable[[str], None]) -> Measured:
    """Build a Dockerfile twice and look into both images; `tell` hears of each step.

    A file that cannot be read, rewritten or built is a `problem`, not an exception.
    """
    try:
        data = disk.read(path)
        ignored = disk.read_if_there(path + ".dockerignore")
    except disk.Unreachable as error:
        return Measured(path, False, None, None, str(error))
    outcome = rewrite(decode(data), wish.choice)
    if outcome.problem is not None:
        at = outcome.problem.position
        return Measured(path, False, None, None, f"{path}:{at}: {outcome.problem.reason}")
    build = Build(
        wish.context or str(PurePath(path).parent),
        data,
        ignored,
        wish.target,
        wish.build_args,
        wish.fresh,
        wish.more,
    )
    doing = "build as it is"
    try:
        tell(f"{path}: {doing} …")
        first, before = _built(engine, build)
        second, after = first, before
        if outcome.changed:
            doing = "build as rewritten"
            tell(f"{path}: {doing} …")
            second, after = _built(engine, build._replace(dockerfile=encode(outcome.after)))
        if wish.command:
            doing = f"run {wish.command}"
            tell(f"{path}: {doing}, {wish.runs} times each …")
            starts: list[tuple[Start, Start]] = []
            for _ in range(wish.runs):
                one = engine.start(first, wish.command)
                starts.append((one, engine.start(second, wish.command) if first != second else one))
            before = before._replace(start=_median([one for one, _ in starts]))
            after = after._replace(start=_median([two for _, two in starts]))
    except Failed as failure:
        return Measured(path, outcome.changed, None, None, f"{doing}: failed\n{failure}")
    return Measured(path, outcome.changed, before, after)


def _built(engine: Engine, build: Build) -> tuple[str, Image]:
    image, seconds = engine.build(build)
    described = engine.describe(image)
    variables = dict(pair.partition("=")[::2] for pair in described.env)
    folder = variables.get("PIP_CACHE_DIR", "").rstrip("/") + "/"
    cache: list[int] = []
    bytecode: list[int] = []
    for path, size in engine.files(image):
        if path.endswith(_BYTECODE):
            bytecode.append(size)
        elif _CACHE.search(path) or (len(folder) > 1 and path.startswith(folder)):
            cache.append(size)
    amounts = (Amount(len(cache), sum(cache)), Amount(len(bytecode), sum(bytecode)))
    return image, Image(described.size, described.layers, *amounts, seconds, None)


def _median(starts: list[Start]) -> Start:
    cpu = statistics.median([each.cpu for each in starts])
    return Start(cpu, statistics.median([each.wall for each in starts]))
