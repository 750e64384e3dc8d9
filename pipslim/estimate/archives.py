"""What is inside wheels and sdists: their metadata, and what an sdist asks for to be built."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
import zlib
from email.parser import HeaderParser

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, Any

_MOST_TEXT = 8 << 20
_MOST_PARTS = 32 << 20
_PART = 128 << 10
_MOST_UNPACKED = 2 << 30
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error, KeyError)


class Archive(NamedTuple):
    """An sdist: the text of its PKG-INFO, its size unpacked in bytes, what its build asks for.

    `final` tells that the dependencies in its metadata are those that it will have (PEP 643).
    `builds` are requirements; None where they are not told, or cannot be read.
    """

    metadata: str
    unpacked: int
    builds: tuple[str, ...] | None
    final: bool


class _Parts(io.RawIOBase):
    """A file of which only what is read is fetched."""

    def __init__(self, size: int, part: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size = size
        self._part = part
        self._at = 0
        self._left = _MOST_PARTS

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        self._left -= end - self._at
        if self._left < 0:
            raise ValueError("too much of it has to be read")
        read = self._part(self._at, end)
        buffer[: len(read)] = read
        self._at += len(read)
        return len(read)


def remote_metadata(size: int, part: Callable[[int, int], bytes]) -> str:
    """Give the METADATA of a wheel of so many bytes, of which `part` gives those from a to b.

    Raises ValueError where the file is no wheel, and what `part` raises.
    """
    return _metadata(io.BufferedReader(_Parts(size, part), _PART))


def wheel_metadata(content: bytes) -> str:
    """Give the METADATA of a wheel. Raises ValueError where the file is no wheel."""
    return _metadata(io.BytesIO(content))


def _metadata(file: IO[bytes] | io.BufferedReader) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                folder, _, name = info.filename.partition("/")
                if name == "METADATA" and folder.endswith(".dist-info"):
                    if info.file_size > _MOST_TEXT:
                        raise ValueError(info.filename)
                    return archive.read(info).decode("utf-8", "replace")
    except (*_BROKEN, RuntimeError, NotImplementedError) as error:
        raise ValueError(str(error)) from None
    raise ValueError("no METADATA")


def read_sdist(content: bytes) -> Archive:
    """Read an sdist. Raises ValueError where the file is none, or is far too long unpacked."""
    texts: dict[str, str] = {}
    unpacked = 0
    try:
        for name, size, text in _members(content):
            unpacked += size
            if unpacked > _MOST_UNPACKED:
                raise ValueError("too long")
            if text is not None:
                texts.setdefault(name, text)
    except _BROKEN as error:
        raise ValueError(str(error)) from None
    metadata = texts.get("PKG-INFO", "")
    headers = HeaderParser().parsestr(metadata)
    version = str(headers.get("Metadata-Version", "1.0"))
    dynamic = [str(each).lower() for each in headers.get_all("Dynamic", [])]
    numbers = [int(part) for part in version.split(".") if part.isdecimal()]
    final = numbers >= [2, 2] and "requires-dist" not in dynamic
    return Archive(metadata, unpacked, _builds(texts.get("pyproject.toml")), final)


def _members(content: bytes) -> Iterator[tuple[str, int, str | None]]:
    """Give the files of an sdist: name within its folder, size, and text if it is asked for."""
    wanted = ("PKG-INFO", "pyproject.toml")
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                name = info.filename.partition("/")[2]
                read = name in wanted and info.file_size <= _MOST_TEXT
                text = archive.read(info).decode("utf-8", "replace") if read else None
                yield name, info.file_size, text
        return
    with tarfile.open(fileobj=io.BytesIO(content), mode="r|*") as packed:
        for member in packed:
            name = member.name.removeprefix("./").partition("/")[2]
            text = None
            if name in wanted and member.isfile() and member.size <= _MOST_TEXT:
                file = packed.extractfile(member)
                text = file.read().decode("utf-8", "replace") if file is not None else None
            yield name, member.size, text


def _builds(text: str | None) -> tuple[str, ...] | None:
    """Read `[build-system] requires` (PEP 518); Python 3.10 has no reader for it."""
    if text is not None and sys.version_info >= (3, 11):
        import tomllib

        try:
            found = tomllib.loads(text)["build-system"]["requires"]
        except (tomllib.TOMLDecodeError, KeyError, TypeError):
            return None
        if isinstance(found, list):
            return tuple(str(each) for each in found)
    return None
