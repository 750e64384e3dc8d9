"""A container engine as a test sees it: build an image, look into it, run it, remove it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile
import uuid
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SECONDS = 900
_MOST_KEPT = 1 << 20
# it mounts these for each container
_OF_THE_ENGINE = ("hostname", "hosts", "resolv.conf")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_TYPES = {
    tarfile.DIRTYPE: stat.S_IFDIR,
    tarfile.SYMTYPE: stat.S_IFLNK,
    tarfile.FIFOTYPE: stat.S_IFIFO,
    tarfile.CHRTYPE: stat.S_IFCHR,
    tarfile.BLKTYPE: stat.S_IFBLK,
}


def _none(_: str) -> bool:
    return False


class NoEngine(Exception):
    """No container engine answers; the text says why."""


class BuildFailed(Exception):
    """A build that the engine refused or that a step ended; `output` is all that it printed."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


class Entry(NamedTuple):
    """One path of an image: type and permissions (`st_mode`), owner, content or link target.

    `content` is there for the files that were asked for.
    """

    mode: int
    uid: int
    size: int
    sha256: str
    link: str
    content: bytes | None = None


class Engine:
    """The `docker` command, speaking to the engine that DOCKER_HOST or its context names."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._tags: dict[str, list[str]] = {}
        self._outputs: dict[str, str] = {}

    @classmethod
    def find(cls) -> Engine:
        """Return an engine that answers. Raises NoEngine, with the reason, when there is none."""
        command = shutil.which("docker")
        if command is None:
            raise NoEngine("there is no `docker` command")
        engine = cls(command)
        try:
            answer = engine._docker("version", "--format", "{{.Server.Version}}", seconds=20)
        except subprocess.TimeoutExpired:
            raise NoEngine("the container engine does not answer") from None
        if answer.returncode:
            raise NoEngine(f"no container engine answers: {answer.stderr.strip()}")
        return engine

    def has(self, image: str) -> bool:
        """Say whether `image` is on this machine, so that a build need not pull it."""
        return self._docker("image", "inspect", image).returncode == 0

    def names(self, repository: str) -> list[str]:
        """Return the tags that a repository has on this machine."""
        return self._must("image", "ls", "--format", "{{.Tag}}", repository).split()

    def build(
        self,
        source: Path | str,
        files: Mapping[str, str | bytes] = _NOTHING,
        *,
        target: str | None = None,
        build_args: Mapping[str, str] = _NOTHING,
        anew: bool = False,
    ) -> str:
        """Build an image and return its id.

        `source` is the folder of a build context, or the text of a Dockerfile; `files` (path ->
        content) come on top, so `build(folder, {"Dockerfile": text})` tries another Dockerfile
        on the same context. The folder itself is only read. With `anew`, no layer of an earlier
        build is taken. Raises BuildFailed.
        """
        with tempfile.TemporaryDirectory(prefix="build-") as folder:
            context = Path(folder, "context")
            if isinstance(source, Path):
                shutil.copytree(source, context, symlinks=True)
            else:
                context.mkdir()
                files = {"Dockerfile": source, **files}
            for name, content in files.items():
                path = context / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, str):
                    content = content.encode("utf-8", "surrogateescape")
                path.write_bytes(content)
            tag = f"built-by-tests:{uuid.uuid4().hex}"
            options = ["--network=host", "--progress=plain", f"--tag={tag}"]
            options += [f"--build-arg={name}={value}" for name, value in build_args.items()]
            if target is not None:
                options.append(f"--target={target}")
            if anew:
                options.append("--no-cache")
            done = self._docker("build", *options, str(context))
        if done.returncode:
            raise BuildFailed(done.stdout + done.stderr)
        image = self._must("image", "inspect", "--format", "{{.Id}}", tag).strip()
        self._tags.setdefault(image, []).append(tag)
        self._outputs[image] = done.stdout + done.stderr
        return image

    def bake(self, text: str, name: str, target: str) -> tuple[str, str]:
        """Build a target of a compose or bake file; give the image, and its inline Dockerfile.

        `name` is the file's. Raises BuildFailed.
        """
        with tempfile.TemporaryDirectory(prefix="bake-") as folder:
            path = Path(folder, name)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
            tag = f"built-by-tests:{uuid.uuid4().hex}"
            known = ["buildx", "bake", "-f", str(path), "--set", f"*.context={folder}"]
            told = json.loads(self._must(*known, "--print", target))
            options = ["--allow=network.host", f"--allow=fs={folder}", "--load"]
            options += ["--set", f"*.tags={tag}", "--progress=plain"]
            done = self._docker(*known, *options, target)
        if done.returncode:
            raise BuildFailed(done.stdout + done.stderr)
        image = self._must("image", "inspect", "--format", "{{.Id}}", tag).strip()
        self._tags.setdefault(image, []).append(tag)
        # it prints what bake reads, so with the escapes of that; a builder gets the text without
        inline = told["target"][target]["dockerfile-inline"]
        return image, inline.replace("$${", "${").replace("%%{", "%{")

    def output(self, image: str) -> str:
        """Return what the last build that gave this image printed."""
        return self._outputs[image]

    def tag(self, image: str, name: str) -> None:
        """Give an image a further name, until `remove_all`."""
        self.name(image, name)
        self._tags.setdefault(image, []).append(name)

    def name(self, image: str, name: str) -> None:
        """Give an image a further name, until `unname`."""
        self._must("tag", image, name)

    def unname(self, name: str) -> None:
        """Take a name from an image; it goes where it has no other."""
        self._docker("image", "rm", name)

    def inspect(self, image: str) -> dict[str, Any]:
        """Return what the engine knows of an image: `Config`, `RootFS`, `Size` and more."""
        described: list[dict[str, Any]] = json.loads(self._must("image", "inspect", image))
        return described[0]

    def config(self, image: str) -> dict[str, Any]:
        """Return the configuration of an image: `Env` ("name=value"), `User`, `Cmd` and so on."""
        config: dict[str, Any] = self.inspect(image)["Config"]
        return config

    def env(self, image: str) -> dict[str, str]:
        """Return the environment of an image, in its order."""
        pairs: list[str] = self.config(image).get("Env") or []
        return dict(pair.split("=", 1) for pair in pairs)

    def files(self, image: str, keep: Callable[[str], bool] = _none) -> dict[str, Entry]:
        """Return every path of an image's file system, as a container sees it: `/etc/passwd`.

        The content comes along for the paths that `keep` is true for, up to a megabyte. What the
        engine puts there of its own is not among them, but for `/.dockerenv`, the same for each
        image; nor is what is in volumes. The image's own `tar` reads them, in a third of the time
        that the engine takes for an export.
        """
        options = ["--rm", "--network=none", "--user=0", "--log-driver=none", "--entrypoint=tar"]
        words = ["--one-file-system", "--numeric-owner", "-C", "/", "-cf", "-"]
        words += [f"--exclude=./etc/{name}" for name in _OF_THE_ENGINE]
        with subprocess.Popen(
            [self._command, "run", *options, image, *words, "."], stdout=subprocess.PIPE
        ) as reading:
            assert reading.stdout is not None
            entries = _entries(reading.stdout, keep)
            while reading.stdout.read(1 << 20):  # what pads the archive, else its writer fails
                pass
        assert reading.returncode == 0, f"the files of {image} cannot be read"
        return entries

    def run(self, image: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in a new container of `image`, without network or entry point."""
        options = ["--rm", "--network=none", f"--entrypoint={argv[0]}"]
        return self._docker("run", *options, image, *argv[1:])

    def remove(self, image: str) -> None:
        """Remove an image that `build` made; it stays where something else names it as well."""
        for tag in self._tags.pop(image, []):
            self.unname(tag)

    def remove_all(self) -> None:
        """Remove every image that `build` made."""
        for image in list(self._tags):
            self.remove(image)

    def _docker(
        self, *arguments: str, seconds: float = _SECONDS
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._command, *arguments],
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )

    def _must(self, *arguments: str) -> str:
        done = self._docker(*arguments)
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
        return done.stdout


def _entries(stream: IO[bytes], keep: Callable[[str], bool]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            path = _path(member.name)
            if member.islnk():  # another name of a file that came before
                entries[path] = entries[_path(member.linkname)]
                continue
            digest, kept = "", None
            if member.isreg():
                content = archive.extractfile(member)
                assert content is not None
                if member.size <= _MOST_KEPT and keep(path):
                    kept = content.read()
                    content = io.BytesIO(kept)
                digest = _sha256(content)
            mode = member.mode | _TYPES.get(member.type, stat.S_IFREG)
            link = member.linkname if member.issym() else ""
            entries[path] = Entry(mode, member.uid, member.size, digest, link, kept)
    return entries


def _path(name: str) -> str:
    return "/" + name.removeprefix(".").strip("/")


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()
