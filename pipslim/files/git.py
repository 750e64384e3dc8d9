"""What git knows of a work tree: its files, and those that differ from a revision.

git is asked for paths from the folder that it is started in, with NUL between them.
"""

from __future__ import annotations

import os
import re
import subprocess

from pipslim.files.disk import Unreachable
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A hook is run with variables that name its repository, as seen from where the hook is started:
# they would mislead a git that is started elsewhere. All that they say it finds out by itself.
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
# Seconds. A git that takes longer waits for something that does not come, a pipe by the name of
# .gitignore say; whoever needs only a listing then walks.
_PATIENCE = 120
_UNREAD = re.compile(r"^warning: could not open directory '(.*)/': (.*)$", re.MULTILINE)


class Listing(NamedTuple):
    """The files of a folder: paths seen from it, NUL behind each, in no order, some perhaps twice.

    What is tracked is listed even where it is no more on disk, or ignored. A submodule, or another
    repository, is one path. `unread` are the folders that git could not read, with the reason.
    """

    paths: bytes
    unread: list[tuple[str, str]]


def listing(folder: str, passed_over: Iterable[str]) -> Listing | None:
    """Give the files below a folder that git tracks, and those that it neither tracks nor ignores.

    None where git is not there or does not answer. `passed_over` names folders that git need not
    look into for what it does not track.
    """
    passed = [f"--exclude={name}/" for name in passed_over]
    done = _git(folder, "ls-files", "-co", "--exclude-standard", "-z", *passed)
    if done is None or done.returncode:
        return None
    said = os.fsdecode(done.stderr)
    return Listing(done.stdout, [(each[1], each[2]) for each in _UNREAD.finditer(said)])


def ignores(top: str, folder: str) -> bool:
    """Tell whether git ignores a folder of the work tree `top`."""
    below = os.path.relpath(os.path.realpath(folder), top)
    done = _git(top, "check-ignore", "-q", "--", below)
    return done is not None and done.returncode == 0


def changed(top: str, since: str, *, gitignore: bool) -> frozenset[bytes]:
    """Give the files of the work tree `top` that differ from a revision, as seen from `top`.

    They are compared with the commit from which HEAD and the revision went separate ways, so that
    what others have done since counts for nothing. What is not committed, or not even tracked,
    counts too; without `gitignore` also what is ignored. Raises Unreachable, saying what to do.
    """
    plain = ".." not in since and not since.startswith(("-", "^"))
    commit = plain and _line(top, since, "rev-parse", "--verify", "-q", f"{since}^{{commit}}")
    if not commit:
        reason = "is no revision here; fetch it, or name a branch, tag or commit"
        raise Unreachable(f"--since: {since!r} {reason}")
    base = _line(top, since, "merge-base", commit, "HEAD")
    if not base:
        reason = (
            "has no history in common with HEAD here; fetch more of it than a shallow clone has"
        )
        raise Unreachable(f"--since: {since!r} {reason}")
    kinds = ("--no-renames", "--diff-filter=d", "--ignore-submodules", "--no-ext-diff")
    standard = ("--exclude-standard",) if gitignore else ()
    found = _output(top, since, "diff", "--name-only", "-z", *kinds, base, "--")
    found += _output(top, since, "ls-files", "-o", "-z", *standard)
    return frozenset(found.split(b"\0"))


def _line(top: str, since: str, *words: str) -> str:
    """Give the line that git prints; an empty one where it only says no."""
    return os.fsdecode(_output(top, since, *words, no=1)).strip()


def _output(top: str, since: str, *words: str, no: int = 0) -> bytes:
    done = _git(top, *words)
    if done is None:
        raise Unreachable(
            "--since: git is not on PATH, or does not answer; see to it, or leave out --since"
        )
    if done.returncode not in (0, no):
        said = os.fsdecode(done.stderr).strip().partition("\n")[0]
        raise Unreachable(f"--since: {since!r} cannot be compared with; git says: {said}")
    return done.stdout


def _git(folder: str, *words: str) -> subprocess.CompletedProcess[bytes] | None:
    """Run git in a folder, its messages in English; None where it cannot be run, or never ends."""
    program = next(_programs(), None)
    if program is None:
        return None
    kept = {key: value for key, value in os.environ.items() if key not in _MISLEADING}
    try:
        return subprocess.run(
            [program, *words],
            cwd=folder,
            env={**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # a folder that may not be entered; whoever walks there tells why


def _programs() -> Iterator[str]:
    """Give the gits on PATH; never one of the current folder, whose owner nobody knows."""
    for folder in os.get_exec_path():
        path = os.path.join(folder, "git.exe" if os.name == "nt" else "git")
        if os.path.isabs(folder) and os.access(path, os.X_OK) and os.path.isfile(path):
            yield path
