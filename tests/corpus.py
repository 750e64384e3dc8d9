"""Thousands of real Dockerfiles, unpacked from a tarball that lies beside the project."""

from __future__ import annotations

import os
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

_BESIDE = Path(__file__).parents[2] / "shared" / "corpus" / "dockerfiles.tar.gz"
_VARIABLE = "PIPSLIM_CORPUS"


class Missing(Exception):
    """There is no corpus here; the text says where one is looked for."""


class Corpus(NamedTuple):
    """The files of the corpus in a stable order: those with pip in a RUN, then the others."""

    pip: tuple[Path, ...]
    others: tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """All files."""
        return self.pip + self.others

    @property
    def in_time(self) -> tuple[Path, ...]:
        """All files; where each push waits for CI, every third, for what takes minutes."""
        return self.files[:: 3 if os.environ.get("CI") else 1]


def find() -> Corpus:
    """Give the corpus, unpacked into a cache folder on first use; raises Missing.

    The environment variable PIPSLIM_CORPUS names the tarball where it lies elsewhere.
    """
    tarball = Path(os.environ.get(_VARIABLE) or _BESIDE)
    try:
        state = tarball.stat()
    except OSError:
        raise Missing(f"no corpus of Dockerfiles: set {_VARIABLE} to its tarball") from None
    name = f"pipslim-corpus-{state.st_size:x}-{int(state.st_mtime):x}"
    folder = Path(tempfile.gettempdir(), name)
    if not folder.is_dir():
        _unpack(tarball, folder)
    kinds = [sorted(folder.glob(f"*/{kind}/*.Dockerfile")) for kind in ("pip", "nopip")]
    return Corpus(tuple(kinds[0]), tuple(kinds[1]))


def _unpack(tarball: Path, folder: Path) -> None:
    """Unpack beside the folder and rename: another process may do the same at this moment."""
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as beside:
        inside = Path(beside, "unpacked")
        with tarfile.open(tarball) as archive:
            for member in archive:
                if member.isreg() and ".." not in Path(member.name).parts:
                    target = inside / member.name.lstrip("/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    content = archive.extractfile(member)
                    assert content is not None
                    target.write_bytes(content.read())
        try:
            inside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
