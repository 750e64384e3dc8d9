"""Scripts that a build runs: built as they are, and as `pipslim fix --follow` leaves them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from pipslim import cli

from .bases import SLIM
from .compare import cached, same_but_for_the_cache

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .engine import Engine

pytestmark = pytest.mark.builds

HEAD = f"FROM {SLIM}\nENV PYTHONDONTWRITEBYTECODE=1\n"
INSTALL = "#!/bin/sh\nset -e\npip install \\\n    idna  # small\n"
DONE = INSTALL.replace("install", "install --no-cache-dir")
NESTED = '#!/bin/bash\nset -eu\nHERE="$(cd "$(dirname "$0")" && pwd)"\n. "$HERE/lib/idna.sh"\n'
PURGED = INSTALL + "rm -r /root/.cache/pip\n"
FOLLOWED: Mapping[str, tuple[str, dict[str, str]]] = {
    "executed": ("WORKDIR /app\nCOPY install.sh .\nRUN ./install.sh\n", {"install.sh": INSTALL}),
    "given-to-a-shell": (
        "COPY install.sh /tmp/\nRUN bash -ex /tmp/install.sh all && rm /tmp/install.sh\n",
        {"install.sh": INSTALL},
    ),
    "exec-form": ('COPY install.sh /\nRUN ["/install.sh"]\n', {"install.sh": INSTALL}),
    "bind-mount": (
        "RUN --mount=type=bind,source=tools,target=/tools cd /tools && ./install.sh\n",
        {"tools/install.sh": INSTALL},
    ),
    "script-in-a-script": (
        "COPY . /src\nRUN /src/install.sh\n",
        {"install.sh": NESTED, "lib/idna.sh": "pip install idna\n"},
    ),
    "from-another-stage": (
        "COPY install.sh /tools/\nRUN sh /tools/install.sh\n"
        + HEAD
        + "COPY --from=0 /tools /t\nRUN /t/install.sh\n",
        {"install.sh": INSTALL},
    ),
}


def fix(folder: Path) -> str:
    """Have the scripts of a build mended; give what is told."""
    streams = cli.Streams(io.BytesIO(), io.BytesIO(), told := io.StringIO())
    argv = ["fix", "--follow", "--select=pip-cache,strict-purge", "--write", str(folder)]
    assert cli.main(argv, streams) == cli.OK
    return told.getvalue()


def put(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a build context, each one executable."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(0o755)


@pytest.mark.parametrize("name", FOLLOWED)
def test_script_leaves_no_cache_and_the_same_packages(
    name: str, engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    text, scripts = FOLLOWED[name]
    put(tmp_path, {"Dockerfile": HEAD + text, **scripts})
    image = engine.build(tmp_path)
    assert "held back" not in fix(tmp_path)
    assert (tmp_path / "Dockerfile").read_text() == HEAD + text
    changed = {path for path, old in scripts.items() if (tmp_path / path).read_text() != old}
    left = same_but_for_the_cache(engine, image, engine.build(tmp_path))
    # of what is not explained, there are the scripts themselves
    assert all(path.endswith(tuple(changed)) for path in left)


def test_purge_goes_on_where_there_is_no_cache(
    engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    text = f"{HEAD}COPY install.sh /\nRUN /install.sh\n"
    put(tmp_path, {"Dockerfile": text, "install.sh": PURGED})
    fix(tmp_path)
    assert (tmp_path / "install.sh").read_text() == DONE + "rm -f -r /root/.cache/pip\n"
    assert cached(engine.files(engine.build(tmp_path))) == []


def test_mount_keeps_the_cache_of_a_script(
    engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    mount = "--mount=type=cache,target=/root/.cache/pip"
    text = f"{HEAD}COPY install.sh /\nRUN {mount} /install.sh\n"
    put(tmp_path, {"Dockerfile": text, "install.sh": INSTALL})
    assert fix(tmp_path) == "1 file read, 0 changed\n"
    assert cached(engine.files(engine.build(tmp_path))) == []
