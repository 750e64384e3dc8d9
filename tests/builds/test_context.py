"""Settings of pip that a build brings itself: built as they are, and as pipslim completes them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pipslim import cli

from .bases import SLIM
from .compare import cached, compiled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .engine import Engine

pytestmark = pytest.mark.builds

INDEX = "https://pypi.house.example/simple"
CONF = f"# the house's index\n[global]\nindex-url = {INDEX}\ntimeout = 42\n"
HEAD = f"FROM {SLIM}\n"
INSTALL = "RUN pip install idna\n"
MORE = "    && pip config --global set global.timeout 42\n"

BROUGHT: Mapping[str, tuple[str, dict[str, str]]] = {
    "copied": ("COPY pip.conf /etc/pip.conf\n", {"pip.conf": CONF}),
    "copied-in-a-folder": ("COPY rootfs/ /\n", {"rootfs/etc/pip.conf": CONF}),
    "copied-for-the-user": ("COPY pip.conf /root/.config/pip/pip.conf\n", {"pip.conf": CONF}),
    "named-by-a-variable": (
        "ENV PIP_CONFIG_FILE=/house.conf\nCOPY house.conf /\n",
        {"house.conf": CONF},
    ),
    "heredoc": (f"COPY <<EOF /etc/pip.conf\n{CONF}EOF\n", {}),
    "written": (f"RUN echo '[global]\\nindex-url = {INDEX}\\ntimeout = 42' > /etc/pip.conf\n", {}),
    "written-by-cat": (f"RUN cat <<EOF > /etc/pip.conf\n{CONF}EOF\n", {}),
    "set": (
        f"RUN pip config --global set global.index-url {INDEX} \\\n{MORE}",
        {},
    ),
}


class Seen(NamedTuple):
    """What an image has and says: its paths of caches and bytecode, pip's settings, its index."""

    cache: list[str]
    bytecode: list[str]
    settings: list[str]
    asks: str


def see(engine: Engine, folder: Path) -> Seen:
    """Build an image and look into it."""
    image = engine.build(folder)
    files = engine.files(image)
    listed = engine.run(image, ["pip", "config", "list"])
    assert listed.returncode == 0, listed.stderr
    # what else is in the environment is how a machine reaches its index
    alone = ["env", "-u", "PIP_INDEX_URL", "pip", "download", "--retries=0", "--timeout=1", "idna"]
    asked = engine.run(image, alone)
    index = re.search(r"Looking in indexes: (\S+)", asked.stdout + asked.stderr)
    assert index is not None, asked.stdout + asked.stderr
    return Seen(cached(files), compiled(files), listed.stdout.splitlines(), index[1])


@pytest.mark.parametrize("name", BROUGHT)
def test_settings_are_completed_and_stay_in_force(
    name: str, engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    brought, files = BROUGHT[name]
    text = HEAD + brought + INSTALL
    for path, content in {"Dockerfile": text, **files}.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    before = see(engine, tmp_path)
    streams = cli.Streams(io.BytesIO(), io.BytesIO(), io.StringIO())
    assert cli.main(["fix", "--write", str(tmp_path)], streams) == cli.OK
    assert "held back" not in streams.stderr.getvalue()  # type: ignore[attr-defined]
    after = see(engine, tmp_path)
    assert before.cache
    assert before.bytecode
    assert after.cache == []
    assert after.bytecode == []
    assert before.asks == after.asks == INDEX
    added = ["global.no-cache-dir='True'", "install.compile='no'"]
    assert sorted(after.settings) == sorted([*before.settings, *added])
    for path in files:
        changed = (tmp_path / path).read_text()
        assert changed == f"{CONF}no-cache-dir = True\n\n[install]\ncompile = no\n"


def test_no_settings_file_is_read(engine: Engine, bases: Mapping[str, str], tmp_path: Path) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    (tmp_path / "Dockerfile").write_text(f"{HEAD}ENV PIP_CONFIG_FILE=/dev/null\n{INSTALL}")
    streams = cli.Streams(io.BytesIO(), io.BytesIO(), io.StringIO())
    assert cli.main(["fix", "--write", str(tmp_path)], streams) == cli.OK
    files = engine.files(engine.build(tmp_path))
    assert cached(files) == []
    assert compiled(files) == []
    assert "/etc/pip.conf" not in files
