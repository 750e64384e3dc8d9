"""A container engine through its command line: build an image, look into it, time it, remove it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from pipslim.measure import ENGINES
from pipslim.syntax.startup import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ANSWER_SECONDS = 20
# What a shell says of the processor time of its children, its second line: `0m0.11s 0m0.02s`.
_TIMES = re.compile(r"(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s\s*\Z")
# A shell runs the command, its output thrown away, and tells what that took.
_TIMED = '{ %s\n} >/dev/null 2>&1 </dev/null; status=$?; times; exit "$status"'
_LAST_LINES = 12


class NoEngine(Exception):
    """No container engine that could build; the text says what was tried."""


class Failed(Exception):
    """A command of the engine that failed; the text is the end of what it printed."""


class Start(NamedTuple):
    """What a command took in a new container: seconds of CPU, and seconds by the clock."""

    cpu: float
    wall: float


class Description(NamedTuple):
    """An image: the bytes of all its layers, how many there are, and its environment."""

    size: int
    layers: int
    env: tuple[str, ...]


class Build(NamedTuple):
    """What is to be built: the folder of the context, the Dockerfile's bytes, and what is told.

    `ignored` are the bytes of the Dockerfile's own `.dockerignore`, where there is one. With
    `fresh`, no layer of an earlier build is taken. `more` are further words for the engine.
    """

    context: str
    dockerfile: bytes
    ignored: bytes | None = None
    target: str = ""
    build_args: tuple[str, ...] = ()
    fresh: bool = True
    more: tuple[str, ...] = ()


class Engine:
    """One engine, and the images that it has built until `close`.

    `name` is `docker buildx`, `docker`, `podman` or `buildah`. All methods raise Failed where the
    engine does.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._program = name.partition(" ")[0]
        self._images: list[str] = []
        self._containers: list[str] = []

    def build(self, build: Build) -> tuple[str, float]:
        """Build an image; give its id, and the seconds that it took by the clock."""
        tag = f"pipslim-measure:{uuid.uuid4().hex}"
        with tempfile.TemporaryDirectory(prefix="pipslim-") as folder:
            path, told = Path(folder, "Dockerfile"), Path(folder, "image")
            path.write_bytes(build.dockerfile)
            if build.ignored is not None:
                Path(folder, "Dockerfile.dockerignore").write_bytes(build.ignored)
            words = ["build", f"--file={path}", f"--tag={tag}", f"--iidfile={told}"]
            if self.name == "docker buildx":
                words[:1] = ["buildx", "build", "--load"]
            if build.fresh:
                words.append("--no-cache")
            if build.target:
                words.append(f"--target={build.target}")
            words += [f"--build-arg={each}" for each in build.build_args]
            start = time.monotonic()
            self._images.append(tag)
            self._must(*words, *build.more, build.context)
            seconds = time.monotonic() - start
            return told.read_text("ascii").strip() or tag, seconds

    def describe(self, image: str) -> Description:
        """Tell an image's size, layers and environment."""
        if self._program == "buildah":
            told = json.loads(self._must("inspect", "--type=image", image))["OCIv1"]
            env = tuple(told["config"].get("Env") or ())
            return Description(self._pushed(image), len(told["rootfs"]["diff_ids"]), env)
        told = json.loads(self._must("image", "inspect", image))[0]
        env = tuple(told["Config"].get("Env") or ())
        return Description(told["Size"], len(told["RootFS"].get("Layers") or ()), env)

    def _pushed(self, image: str) -> int:
        """Give the bytes of an image's layers, where the engine itself does not tell."""
        with tempfile.TemporaryDirectory(prefix="pipslim-") as folder:
            self._must("push", "--disable-compression", image, f"dir:{folder}")
            # each layer is a file named by its digest, as is the short configuration
            return sum(path.stat().st_size for path in Path(folder).iterdir())

    def files(self, image: str) -> Iterator[tuple[str, int]]:
        """Give path and bytes of each regular file that a container of the image would see."""
        container = self._container(image)
        try:
            if self._program == "buildah":
                yield from _below(self._must("mount", container).strip())
                return
            with subprocess.Popen(
                [self._program, "export", container], stdout=subprocess.PIPE
            ) as export:
                assert export.stdout is not None
                with tarfile.open(fileobj=export.stdout, mode="r|") as archive:
                    for member in archive:
                        if member.isreg():
                            yield "/" + member.name.strip("/"), member.size
        finally:
            self._drop(container)

    def start(self, image: str, command: str) -> Start:
        """Run a command in a new container without network; give what it took.

        The command is for the image's `/bin/sh`. The CPU is that of the command's processes
        alone, as the shell in the container tells it (`times`, POSIX).
        """
        script = _TIMED % command
        if self._program == "buildah":
            container = self._container(image)
            words = ["run", container, "--", "/bin/sh", "-c", script]
        else:
            container = ""
            words = ["run", "--rm", "--network=none", "--entrypoint=/bin/sh", image, "-c", script]
        start = time.monotonic()
        try:
            told = self._must(*words)
        finally:
            wall = time.monotonic() - start
            if container:
                self._drop(container)
        match = _TIMES.search(told)
        if match is None:
            raise Failed(f"the shell of the image does not tell times: {told.strip()!r}")
        user, system = (int(match[n]) * 60 + float(match[n + 1]) for n in (1, 3))
        return Start(user + system, wall)

    def _container(self, image: str) -> str:
        words = ["create", "--network=none", image, "/none"]
        if self._program == "buildah":
            words = ["from", "--pull-never", image]
        container = self._must(*words).strip().splitlines()[-1]
        self._containers.append(container)
        return container

    def _drop(self, container: str) -> None:
        self._containers.remove(container)
        self._must("rm", container)

    def close(self, *, keep: bool = False) -> tuple[str, ...]:
        """Remove what is left: containers, and unless told to keep them, images; give those kept.

        The layers in the engine's own build cache are the engine's.
        """
        for container in self._containers:
            self._call("rm", container)
        kept, self._containers = tuple(self._images) if keep else (), []
        for tag in () if keep else self._images:
            remove = ("rmi",) if self._program == "buildah" else ("image", "rm")
            self._call(*remove, tag)
        self._images = []
        return kept

    def _must(self, *words: str) -> str:
        done = self._call(*words)
        if done.returncode:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise Failed("\n".join(lines[-_LAST_LINES:]) or f"exit code {done.returncode}")
        return done.stdout

    def _call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *words],
            env={"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain", **os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )


_ASKS: dict[str, tuple[str, ...]] = {
    "docker buildx": ("docker", "buildx", "inspect"),
    "docker": ("docker", "version"),
    "podman": ("podman", "info"),
    "buildah": ("buildah", "info"),
}


def find(name: str = "") -> Engine:
    """Give the engine of that name, or the first of ENGINES that answers; raises NoEngine."""
    reasons: list[str] = []
    for each in (name,) if name else ENGINES:
        reason = _silent(_ASKS[each])
        if not reason:
            return Engine(each)
        reasons.append(f"{each}: {reason}")
    raise NoEngine("; ".join(reasons))


def _silent(ask: Sequence[str]) -> str:
    """Tell why an engine does not answer; nothing where it does."""
    if shutil.which(ask[0]) is None:
        return "no such command"
    try:
        done = subprocess.run(
            ask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "no answer"
    if not done.returncode:
        return ""
    said = done.stderr.strip().splitlines()
    return said[-1] if said else f"exit code {done.returncode}"


def _below(folder: str) -> Iterator[tuple[str, int]]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield str(path)[len(folder) :], path.stat().st_size
