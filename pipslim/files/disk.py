"""Reading files, and writing them whole or not at all."""

from __future__ import annotations

import os
import stat


class Unreachable(OSError):
    """A path that cannot be read or written, in words that say what to do."""


def read(path: str) -> bytes:
    """Give a file's bytes; raises Unreachable, also for what is no regular file."""
    try:
        # asked first, for opening a named pipe would wait
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise Unreachable(f"{path}: not a regular file")
        with open(path, "rb") as file:
            return file.read()
    except Unreachable:
        raise
    except OSError as error:
        raise Unreachable(f"{path}: {error.strerror or error}") from error


def read_if_there(path: str) -> bytes | None:
    """Give a file's bytes as `read` does, or None where there is no such file."""
    return read(path) if os.path.lexists(path) else None


def make_folder(path: str) -> None:
    """Make a folder, and those above it, where they are not there; raises Unreachable."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise Unreachable(f"{path}: no folder can be made: {error.strerror or error}") from error


def remove(path: str) -> None:
    """Remove a file; raises Unreachable."""
    try:
        os.unlink(path)
    except OSError as error:
        raise Unreachable(f"{path}: cannot be removed: {error.strerror or error}") from error


def identity(path: str) -> tuple[int, int] | None:
    """Give what two paths of the same file have in common; None where there is no file."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_dev, state.st_ino


def write(path: str, data: bytes) -> None:
    """Replace a file's content, whole or not at all; mode kept, links followed.

    The new content is written beside the file, forced to disk, and renamed over it. Raises
    Unreachable where that fails; the file is the old one then.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name[:100]}.{os.getpid()}.pipslim")
    try:
        before = os.stat(target)
        if not stat.S_ISREG(before.st_mode):
            raise Unreachable(f"{path}: not a regular file")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _like(beside, before)
            os.replace(beside, target)
        except BaseException:
            if os.path.lexists(beside):  # an interrupt may come just behind the renaming
                os.unlink(beside)
            raise
    except Unreachable:
        raise
    except OSError as error:
        raise Unreachable(f"{path}: cannot be written: {error.strerror or error}") from error


def save(path: str, data: bytes) -> None:
    """Write a file of our own, new or in the place of one that is there; raises Unreachable."""
    try:
        if not os.path.lexists(path):
            with open(path, "xb"):
                pass
    except OSError as error:
        raise Unreachable(f"{path}: cannot be written: {error.strerror or error}") from error
    write(path, data)


def check_savable(path: str) -> None:
    """Raise Unreachable where `save` is bound to fail, for the place is wrong."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Unreachable(f"{path}: cannot be written: there is no folder {folder}")
    if os.path.lexists(path) and not os.path.isfile(path):
        raise Unreachable(f"{path}: cannot be written: not a regular file")


_BINARY = getattr(os, "O_BINARY", 0)


def _like(path: str, before: os.stat_result) -> None:
    """Give a file the mode, and where possible the owner, of the one it replaces."""
    if hasattr(os, "chown"):
        try:
            os.chown(path, before.st_uid, before.st_gid)
        except OSError:
            pass  # not ours to give away; the file is then its writer's
    os.chmod(path, stat.S_IMODE(before.st_mode))
