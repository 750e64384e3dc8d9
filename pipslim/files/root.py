"""The folder that the files of a repository are named from."""

from __future__ import annotations

import os


def root() -> str:
    """Give the top folder of the git work tree around the current folder, else that one itself.

    It is absolute, links followed. A work tree is told by its `.git`, a folder or, in a linked
    work tree or a submodule, a file.
    """
    here = os.path.realpath(".")
    folder = here
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return here
        folder = above
    return folder


def below(folder: str, path: str) -> str | None:
    """Give the path of a file from a folder that `root` gave, with slashes; None if not in it.

    Links are followed: git patches the file that a link leads to, and never the link.
    """
    try:
        found = os.path.relpath(os.path.realpath(path), folder)
    except ValueError:  # another drive
        return None
    found = found.replace(os.sep, "/")
    return None if found == ".." or found.startswith("../") else found
