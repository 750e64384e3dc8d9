"""The comparer of two images, without an engine: what it passes over, and what it does not."""

from __future__ import annotations

import hashlib

import pytest

from .compare import (
    MEANT,
    MEANT_WITH_NEW_PIP,
    cached,
    compare,
    compare_configs,
    compiled,
    worth_keeping,
)
from .engine import Entry

SITE = "/usr/local/lib/python3.11/site-packages"
OLD_SCRIPT = (
    "#!/usr/local/bin/python\n\n# -*- coding: utf-8 -*-\nimport re\nimport sys\n\n"
    "from flask.cli import main\n\nif __name__ == '__main__':\n"
    "    sys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n"
    "    sys.exit(main())\n"
)
NEW_SCRIPT = OLD_SCRIPT.replace("\n\n", "\n").replace("pyw?", "pyw")


def file(content: str = "", mode: int = 0o100644, uid: int = 0) -> Entry:
    raw = content.encode()
    return Entry(mode, uid, len(raw), hashlib.sha256(raw).hexdigest(), "", raw)


FOLDER = Entry(0o40755, 0, 0, "", "")


def link(target: str) -> Entry:
    return Entry(0o120777, 0, 0, "", target)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("/root/.cache", FOLDER, None),
        ("/root/.cache/pip", FOLDER, None),
        ("/home/app/.cache/pip/http-v2/a", file("a"), None),
        (f"{SITE}/flask/__pycache__", FOLDER, None),
        (f"{SITE}/flask/__pycache__/app.cpython-311.pyc", file("a"), None),
        (f"{SITE}/flask/__pycache__/app.cpython-311.pyc", file("a"), file("b")),
        ("/usr/lib/python2.7/os.pyo", file("a"), None),
        ("/etc/pip.conf", None, file("[global]\n")),
        (
            f"{SITE}/flask-3.0.3.dist-info/RECORD",
            file("a.py,sha256=x,1\na.pyc,,\nRECORD,,\n"),
            file("a.py,sha256=x,1\nRECORD,,\n"),
        ),
        (f"{SITE}/d-1-py3.6.egg-info/installed-files.txt", file("../a.pyc\nb\n"), file("b\n")),
    ],
)
def test_what_any_rewrite_may_change(path: str, before: Entry | None, after: Entry | None) -> None:
    files = [{path: entry} if entry else {} for entry in (before, after)]
    assert compare(files[0], files[1]).unexplained == []


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (f"{SITE}/pip/__init__.py", file("a"), file("b")),
        (f"{SITE}/pip-18.1.dist-info", FOLDER, None),
        (f"{SITE}/pip-20.2.4.dist-info/METADATA", None, file("a")),
        ("/usr/local/bin/pip3.6", file("a"), file("b")),
        (f"{SITE}/flask-1.dist-info/REQUESTED", None, file()),
        ("/usr/local/bin/flask", file(OLD_SCRIPT), file(NEW_SCRIPT)),
        (
            f"{SITE}/flask-1.dist-info/RECORD",
            file("b.py,sha256=x,1\n../../../bin/flask,sha256=x,9\na.pyc,,\n"),
            file("../../../bin/flask,sha256=y,8\nb.py,sha256=x,1\nf.dist-info/REQUESTED,,0\n"),
        ),
    ],
)
def test_what_a_rewrite_may_change_that_upgrades_pip(
    path: str, before: Entry | None, after: Entry | None
) -> None:
    files = [{path: entry} if entry else {} for entry in (before, after)]
    assert compare(files[0], files[1], MEANT_WITH_NEW_PIP).unexplained == []
    assert [each.path for each in compare(files[0], files[1], MEANT).unexplained] == [path]


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        ("/a", file("a"), None, "only before"),
        ("/a", None, file("a"), "only after"),
        ("/a", file("a"), file("b"), "sha256"),
        ("/a", file(mode=0o100644), file(mode=0o100755), "mode 33188 -> 33261"),
        ("/a", file(uid=0), file(uid=1000), "uid 0 -> 1000"),
        ("/a", file(), FOLDER, "mode"),
        ("/a", link("/b"), link("/c"), "link '/b' -> '/c'"),
        ("/root/.cache/pip", None, FOLDER, "only after"),
        ("/root/.cache/other", file("a"), None, "only before"),
        ("/srv/.cache/pip/a", file("a"), None, "only before"),
        (f"{SITE}/flask/app.pyc", None, file("a"), "only after"),
        ("/etc/pip.conf", file("a"), file("b"), "sha256"),
        ("/etc/pip.conf", file("a"), None, "only before"),
        ("/tmp/.pip", None, FOLDER, "only after"),
        (f"{SITE}/pipdeptree/__init__.py", file("a"), file("b"), "sha256"),
        (f"{SITE}/setuptools/__init__.py", file("a"), file("b"), "sha256"),
        ("/usr/local/bin/pipx", file("a"), None, "only before"),
        (f"{SITE}/f-1.dist-info/REQUESTED", file(), None, "only before"),
        (f"{SITE}/f-1.dist-info/REQUESTED", None, file("a"), "only after"),
        (f"{SITE}/f-1.dist-info/RECORD", file("a.pyc,sha256=x,1\n"), file(), "size"),
        (f"{SITE}/f-1.dist-info/RECORD", file("a.py,sha256=x,1\n"), file(), "size"),
        (f"{SITE}/f-1.dist-info/RECORD", file("a,sha256=x,1\n"), file("a,sha256=y,1\n"), "sha256"),
        (f"{SITE}/f-1.dist-info/RECORD", file("a.pyc,,\n"), file(uid=1), "uid"),
        (f"{SITE}/f.egg-info/installed-files.txt", file("a.pyc\nb\n"), file("c\n"), "sha256"),
        ("/usr/local/bin/f", file(OLD_SCRIPT), file(NEW_SCRIPT.replace("main", "go")), "sha256"),
        ("/usr/local/bin/f", file(OLD_SCRIPT), file(NEW_SCRIPT + "x"), "sha256"),
        ("/usr/local/bin/f", file("a"), file(NEW_SCRIPT), "sha256"),
    ],
)
def test_what_no_rewrite_may_change(
    path: str, before: Entry | None, after: Entry | None, told: str
) -> None:
    files = [{path: entry} if entry else {} for entry in (before, after)]
    for rules in (MEANT, MEANT_WITH_NEW_PIP):
        (difference,) = compare(files[0], files[1], rules).unexplained
        assert str(difference).startswith(f"{path}: ")
        assert told in str(difference)


def test_a_file_without_its_content_is_not_explained() -> None:
    path = f"{SITE}/f-1.dist-info/RECORD"
    before, after = (file(text)._replace(content=None) for text in ("a.pyc,,\n", ""))
    assert worth_keeping(path)
    assert compare({path: before}, {path: after}).unexplained != []


def test_the_cache_and_the_bytecode_of_an_image() -> None:
    files = {
        "/root/.cache/pip": FOLDER,
        "/root/.cache/pip/http/a": file("a"),
        "/home/app/.cache/pip/wheels/b.whl": file("b"),
        "/root/.cache/uv/c": file("c"),
        f"{SITE}/a/__pycache__": FOLDER,
        f"{SITE}/a/__pycache__/written.cpython-311.pyc": file("a"),
        f"{SITE}/a/shipped.pyc": file("a"),
        f"{SITE}/a-1.dist-info/RECORD": file(
            "a/shipped.pyc,sha256=x,1\na/__pycache__/written.cpython-311.pyc,,\n"
        ),
        "/usr/lib/python3/os.pyc": file("a"),
    }
    assert cached(files) == ["/root/.cache/pip/http/a", "/home/app/.cache/pip/wheels/b.whl"]
    assert compiled(files) == [
        f"{SITE}/a/__pycache__/written.cpython-311.pyc",
        "/usr/lib/python3/os.pyc",
    ]


BEFORE = {
    "Env": ["PATH=/bin", "A=1", "B=2"],
    "User": "app",
    "Cmd": ["a"],
    "Entrypoint": None,
    "OnBuild": ["RUN pip install -r r.txt"],
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"Env": ["PATH=/bin", "A=1", "NEW=", "B=2"]}, []),
        ({"OnBuild": ["RUN pip install --no-cache-dir -r r.txt"]}, []),
        ({"Env": ["PATH=/bin", "A=1", "B=2"]}, ["Env: NEW is missing"]),
        ({"Env": ["PATH=/bin", "NEW=", "B=2", "A=1"]}, ["Env"]),
        ({"Env": ["PATH=/bin", "NEW=", "A=", "B=2"]}, ["Env"]),
        ({"Env": ["PATH=/bin", "NEW=", "A=1", "B=2", "C=3"]}, ["Env"]),
        ({"User": "root"}, ["User"]),
        ({"Cmd": None, "Entrypoint": ["a"]}, ["Cmd", "Entrypoint"]),
        ({"ExposedPorts": {"80/tcp": {}}}, ["ExposedPorts"]),
        ({"WorkingDir": "/srv"}, ["WorkingDir"]),
        ({"OnBuild": []}, ["OnBuild"]),
        ({"OnBuild": ["RUN pip install"]}, ["OnBuild"]),
    ],
)
def test_configurations(changed: dict[str, object], told: list[str]) -> None:
    after = {**BEFORE, "Env": ["PATH=/bin", "A=1", "NEW=", "B=2"], **changed}
    found = compare_configs(BEFORE, after, added=["NEW"])
    assert [line[: len(start)] for line, start in zip(found, told, strict=True)] == told
