"""Going up: the folders above a path, and the files of certain names in one of them."""

from __future__ import annotations

import os
import stat

from pipslim.files.disk import Unreachable, read
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def here() -> str:
    """Give the current folder; raises Unreachable where it is gone."""
    try:
        return os.getcwd()
    except OSError as error:
        raise Unreachable(f"the current folder: {error.strerror or error}") from error


def is_folder(path: str) -> bool:
    """Tell whether a path is that of a folder."""
    return os.path.isdir(path)


def regular_files(folder: str, names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Give those of the names that are files in a folder, in that order, each read when asked for.

    What is missing, or is no regular file, is passed over; raises Unreachable for a file that
    cannot be read.
    """
    for name in names:
        path = os.path.join(folder, name)
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(mode):
            yield path, read(path)
