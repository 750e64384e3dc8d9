"""The benchmarks run; what they measure is asserted nowhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_EXAMPLES = str(_ROOT / "fixtures" / "examples")

sys.path.insert(0, str(_ROOT / "benchmarks"))

import installer_commands  # noqa: E402
import loopback  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="they measure by os.wait4")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["speed.py", "--rounds=1", _EXAMPLES], "files per CPU s"),
        (["startup.py", "--runs=1"], "modules imported"),
        (["growth.py", "--scale=0.01"], "ENV instructions"),
        (["jobs.py", "--rounds=1", "--every=1", _EXAMPLES], "pays from"),
        pytest.param(
            ["bulk.py", "--rounds=1", "--sizes=100"],
            "discovery by a walk",
            marks=pytest.mark.skipif(shutil.which("git") is None, reason="no git here"),
        ),
        (["installers.py", "--help"], "--only"),
        (["hotspots.py", "--every=1", "--lines=3", _EXAMPLES], "function calls"),
    ],
    ids=lambda value: Path(value[0]).stem if isinstance(value, list) else "",
)
def test_benchmark_runs(words: list[str], told: str) -> None:
    command = [sys.executable, str(_ROOT / "benchmarks" / words[0]), *words[1:]]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout


def test_index_on_loopback_serves_what_may_be_stored() -> None:
    with loopback.Index(loopback.packages()) as index:
        with urllib.request.urlopen(f"{index.root}/simple/demo-app/") as answer:
            assert "max-age" in answer.headers["Cache-Control"]
            page = answer.read().decode()
        link = re.search(r'href="([^"#]+)#sha256=', page)
        assert link is not None
        with urllib.request.urlopen(index.root + link[1]) as answer:
            body, etag = answer.read(), answer.headers["ETag"]
        assert zipfile.ZipFile(BytesIO(body)).testzip() is None
        known = urllib.request.Request(index.root + link[1], headers={"If-None-Match": etag})
        with pytest.raises(urllib.error.HTTPError, match="304"):
            urllib.request.urlopen(known)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{index.root}/simple/nothing/")
        assert index.asked.count("/simple/demo-app/") == 1


def test_document_has_a_table_for_each_installer() -> None:
    text = (_ROOT / "docs" / "installers.md").read_text(encoding="utf-8")
    for title, tool in installer_commands.TOOLS.items():
        table = text.partition(f"<!-- {title} -->\n")[2].partition("<!-- end -->")[0]
        rows = re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE)
        told = [row.replace("\\|", "|") for row in rows]
        assert told == tool.commands.strip().splitlines(), title
