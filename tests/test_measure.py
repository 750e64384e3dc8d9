"""`pipslim measure` without an engine: what it prints, what it refuses, what a page holds."""

from __future__ import annotations

import html.parser
import io
import json
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from pipslim.cli import Streams, main
from pipslim.estimate.values import CachedFile, Estimate, Unseen
from pipslim.measure.builds import Amount, Image, Measured
from pipslim.measure.engine import Build, Engine, Failed, NoEngine, Start, find
from pipslim.report.estimates import estimates_json, estimates_table
from pipslim.report.savings import as_json, share, size, table
from pipslim.report.savings_page import savings_page

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = Image(200_000_000, 4, Amount(51, 20_000_000), Amount(700, 12_000_000), 8.25, None)
AFTER = Image(168_000_000, 5, Amount(0, 0), Amount(0, 0), 7.5, None)
PLAIN = Measured("a/Dockerfile", True, BEFORE, AFTER)
TIMED = PLAIN._replace(
    before=BEFORE._replace(start=Start(0.21, 0.9)), after=AFTER._replace(start=Start(0.77, 1.4))
)
SAME = Measured("b/Dockerfile", False, BEFORE, BEFORE)
BAD = Measured("c/Dockerfile", True, None, None, "build as it is: failed\nexit code: 7")


def run(*argv: str) -> tuple[int, str, str]:
    """Run the command line; give its exit code and both streams."""
    out, err = io.BytesIO(), io.StringIO()
    code = main(list(argv), Streams(io.BytesIO(), out, err))
    return code, out.getvalue().decode(), err.getvalue()


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (-4200, "-4.2 kB"), (91_300_000, "91.3 MB"),
     (2_345_000_000, "2.35 GB")],
)  # fmt: skip
def test_sizes_are_told_in_decimal_units(count: int, told: str) -> None:
    assert size(count) == told


def test_nothing_saved_of_nothing() -> None:
    assert share(0, 0) == "0.0%"


def test_table() -> None:
    assert table([PLAIN]) == (
        "a/Dockerfile\n"
        "              size      pip cache        bytecode  layers  build\n"
        "  before  200.0 MB  20.0 MB in 51  12.0 MB in 700       4  8.2 s\n"
        "  after   168.0 MB       0 B in 0        0 B in 0       5  7.5 s\n"
        "  saved 32.0 MB (16.0%)\n"
    )


def test_table_has_times_where_a_command_was_timed() -> None:
    lines = table([TIMED]).splitlines()
    assert lines[1].endswith("start-up CPU")
    assert lines[2].endswith("0.21 s")
    assert lines[3].endswith("0.77 s")


def test_table_tells_totals_problems_and_what_stays() -> None:
    lines = table([PLAIN, SAME, BAD]).splitlines()
    assert "  nothing to rewrite" in lines
    assert lines[-4:] == [
        "c/Dockerfile",
        "  build as it is: failed",
        "  exit code: 7",
        "2 of 3 files built: 400.0 MB before, 368.0 MB after, 32.0 MB saved (8.0%)",
    ]


def test_json_is_what_was_measured() -> None:
    told = json.loads(as_json([TIMED, BAD], "podman"))
    assert told["version"] == 1
    assert told["engine"] == "podman"
    first, second = told["files"]
    assert first["before"]["cache"] == {"files": 51, "size": 20_000_000}
    assert first["before"]["start"] == {"cpu_seconds": 0.21, "wall_seconds": 0.9}
    assert first["saved"] == 32_000_000
    assert second["before"] is None
    assert second["problem"] == BAD.problem
    assert told["total"] == {"before": 200_000_000, "after": 168_000_000, "saved": 32_000_000}


class _Tags(html.parser.HTMLParser):
    """Collects the tags of a page and the addresses that they name."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_page_escapes_everything_and_needs_no_network() -> None:
    name = "<script>alert(1)</script>/Dockerfile"
    text = savings_page([TIMED._replace(path=name), BAD._replace(problem="<img src=x>")], "<b>e")
    page = _Tags()
    page.feed(text)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert not page.addresses
    assert "default-src 'none'" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;/Dockerfile" in text
    assert page.tags.count("rect") == 3 + 2 * 3  # the key, and three parts of each bar


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--engine", "dokcer"], "no engine 'dokcer'; engines: docker buildx, docker"),
        (["--output-format", "xml"], "no format 'xml'; formats: text, json"),
        (["--select", "pip-cash"], "unknown pass 'pip-cash', did you mean 'pip-cache'?"),
        (["missing"], "missing: no such file or folder"),
    ],
)
def test_wrong_words_are_refused(words: list[str], told: str) -> None:
    code, out, err = run("measure", *words)
    assert code == 2
    assert not out
    assert told in err


def test_without_an_engine_it_says_what_it_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoEngine, match=r"docker buildx: no such command; .*buildah: no such"):
        find()
    code, _, err = run("measure", str(tmp_path))
    assert code == 2
    assert "no container engine answers (docker buildx: no such command" in err


# -- an estimate -----------------------------------------------------------------------------------

ESTIMATE = Estimate(
    1_300_000,
    1_290_000,
    1_310_000,
    (
        CachedFile("idna", "3.10", "idna-3.10-py3-none-any.whl", 70_442, "requests 2.32.3"),
        CachedFile("flask", "3.0.3", "flask-3.0.3-py3-none-any.whl", 1_201_735, "flask"),
    ),
    (Unseen(4, "-r more.txt", "it is not in the context"),),
    27_823,
)


def test_estimate_is_told_largest_file_first() -> None:
    assert estimates_table([("a/Dockerfile", ESTIMATE)]) == (
        "a/Dockerfile\n"
        "  pip's cache: 1.3 MB (1.3 MB to 1.3 MB) in 2 files\n"
        "       1.2 MB  flask 3.0.3: flask\n"
        "      70.4 kB  idna 3.10: requests 2.32.3\n"
        "      27.8 kB  index pages, metadata, headers\n"
        "  not seen:\n"
        "    line 4: -r more.txt: it is not in the context\n"
    )
    both = estimates_table([("a", ESTIMATE), ("b", ESTIMATE)])
    assert both.endswith("all 2 files: 2.6 MB\n")


def test_estimate_as_json() -> None:
    told = json.loads(estimates_json([("a", ESTIMATE)], "https://index/simple"))
    assert told["index"] == "https://index/simple"
    assert told["files"][0]["files"][0]["bytes"] == 70_442
    assert told["files"][0]["unseen"] == [
        {"line": 4, "what": "-r more.txt", "why": "it is not in the context"}
    ]
    assert told["total"] == {"cache": 1_300_000}


def test_estimate_needs_no_engine_and_tells_a_dead_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = dockerfile(tmp_path / "a", "FROM python:3.12-slim\nRUN pip install flask\n")
    code, out, _ = run("measure", "--estimate", "--index-url=http://127.0.0.1:9/simple", folder)
    assert code == 0
    assert "pip's cache: 0 B" in out
    assert "flask" in out.partition("not seen:")[2]


def test_estimate_has_no_page(tmp_path: Path) -> None:
    code, _, err = run("measure", "--estimate", "--report=r.html", str(tmp_path))
    assert code == 2
    assert "--report shows builds" in err


# -- an engine that is a script --------------------------------------------------------------------

_SCRIPT = """#!{python}
import json, os, sys, tarfile, io
words = sys.argv[1:]
with open(os.environ["ENGINE_LOG"], "a") as log:
    log.write(json.dumps(words) + "\\n")
def told(name):
    return next(word.partition("=")[2] for word in words if word.startswith(name + "="))
if words[0] == "build":
    text = open(told("--file")).read()
    if "fail" in text:
        sys.exit("exit code: 7")
    open(told("--iidfile"), "w").write("sha256:" + ("new" if "DONTWRITE" in text else "old"))
elif words[:2] == ["image", "inspect"]:
    new = words[2].endswith("new")
    print(json.dumps([{{"Size": 800 if new else 1000, "Config": {{"Env": ["PIP_CACHE_DIR=/c"]}},
        "RootFS": {{"Layers": ["a", "b"]}}}}]))
elif words[0] == "create":
    print("box-" + words[2][7:])
elif words[0] == "export":
    archive = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
    names = ["c/http/1", "root/.cache/pip/2", "x/__pycache__/a.pyc", "y.py"]
    for name in names[3:] if words[1] == "box-new" else names:
        entry = tarfile.TarInfo(name)
        entry.size = 10
        archive.addfile(entry, io.BytesIO(b"0123456789"))
    archive.close()
elif words[0] == "run":
    print("0m0.00s 0m0.00s\\n0m1.50s 0m0.25s")
"""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put a `docker` on PATH that does as told, and give the file of what it was called with."""
    if os.name == "nt":
        pytest.skip("a script is no program there")
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(_SCRIPT.format(python=sys.executable), "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("ENGINE_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def calls(log: Path) -> list[list[str]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def dockerfile(folder: Path, text: str) -> str:
    folder.mkdir()
    (folder / "Dockerfile").write_text(text, "utf-8")
    return str(folder)


def test_both_files_are_built_and_looked_into(log: Path, tmp_path: Path) -> None:
    folder = dockerfile(tmp_path / "a", "FROM python:3.12-slim\nRUN pip install x\n")
    (tmp_path / "a" / "Dockerfile.dockerignore").write_text("y\n", "utf-8")
    report = tmp_path / "r.html"
    code, out, err = run(
        "measure", "--engine=docker", "--build-arg=A=1", "--target=t", "--engine-arg=--pull",
        "--run=python -c 1", "--runs=3", f"--report={report}", "--output-format=json", folder,
    )  # fmt: skip
    assert code == 0
    entry = json.loads(out)["files"][0]
    assert entry["before"]["cache"] == {"files": 2, "size": 20}
    assert entry["before"]["bytecode"] == {"files": 1, "size": 10}
    assert entry["after"]["cache"]["files"] == 0
    assert entry["before"]["start"]["cpu_seconds"] == 1.75
    assert entry["saved"] == 200
    assert "build as rewritten" in err
    assert "<!DOCTYPE html>" in report.read_text("utf-8")
    built = [words for words in calls(log) if words[0] == "build"]
    assert len(built) == 2
    for words in built:
        assert {"--no-cache", "--build-arg=A=1", "--target=t", "--pull"} <= set(words)
        assert words[-1] == folder
    assert sum(words[0] == "run" for words in calls(log)) == 6
    removed = [words[2] for words in calls(log) if words[:2] == ["image", "rm"]]
    tags = [word.partition("=")[2] for words in built for word in words if "--tag" in word]
    assert removed == tags


def test_images_are_kept_if_asked(log: Path, tmp_path: Path) -> None:
    folder = dockerfile(tmp_path / "a", "FROM python:3.12-slim\nRUN pip install x\n")
    code, _, err = run("measure", "--engine=docker", "--keep", "--layer-cache", folder)
    assert code == 0
    assert err.count("kept: pipslim-measure:") == 2
    assert not [words for words in calls(log) if words[:2] == ["image", "rm"]]
    assert not [words for words in calls(log) if "--no-cache" in words]


def test_file_that_stays_is_built_once(log: Path, tmp_path: Path) -> None:
    folder = dockerfile(tmp_path / "a", "FROM scratch\n")
    code, out, _ = run("measure", "--engine=docker", "--run=x", "--runs=2", folder)
    assert code == 0
    assert "nothing to rewrite" in out
    assert sum(words[0] == "build" for words in calls(log)) == 1
    assert sum(words[0] == "run" for words in calls(log)) == 2


def test_one_bad_file_stops_none(log: Path, tmp_path: Path) -> None:
    bad = dockerfile(tmp_path / "bad", "FROM python:3.12-slim\nRUN pip install fail\n")
    odd = dockerfile(tmp_path / "odd", "FORM x\n")
    good = dockerfile(tmp_path / "good", "FROM python:3.12-slim\nRUN pip install x\n")
    code, out, _ = run("measure", "--engine=docker", "-q", bad, odd, good)
    assert code == 3
    assert "build as it is: failed\n  exit code: 7" in out
    assert "unknown instruction 'FORM'" in out
    assert "1 of 3 files built" in out


def test_interrupt_removes_what_was_made(log: Path, tmp_path: Path) -> None:
    engine = Engine("docker")
    engine.build(Build(str(tmp_path), b"FROM scratch\n"))
    assert engine.close() == ()
    assert [words[:2] for words in calls(log)][-1] == ["image", "rm"]


def test_shell_that_tells_no_times_is_told(
    log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin" / "docker").write_text("#!/bin/sh\necho nothing\n", "utf-8")
    with pytest.raises(Failed, match="does not tell times: 'nothing'"):
        Engine("docker").start("x", "true")
