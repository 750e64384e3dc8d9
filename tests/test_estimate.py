"""What pip's cache would leave, estimated against a small package index on this machine."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
import socket
import sys
import tarfile
import threading
import urllib.error
import urllib.request
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipslim.estimate import index as indexes
from pipslim.estimate import resolve
from pipslim.estimate.count import Estimate, Unseen, estimate
from pipslim.estimate.index import PUBLIC, Index, connect

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SLIM = "FROM python:3.11-slim\n"
HOST = "https://index.test"
KEPT = {"ETag": '"1"', "Cache-Control": "max-age=600, public"}


def metadata(name: str, version: str, needs: tuple[str, ...], more: str = "") -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {need}" for need in needs]
    return "\n".join([*lines, more, "", "About it."]).encode()


def wheel(name: str, version: str, needs: tuple[str, ...], ballast: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "#" * ballast)
        info = f"{name}-{version}.dist-info/METADATA"
        archive.writestr(info, metadata(name, version, needs))
    return file.getvalue()


def sdist(name: str, version: str, texts: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for path, text in texts.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return file.getvalue()


class Site:
    """A package index on the loopback; as JSON with metadata apart, else as HTML."""

    def __init__(self, *, modern: bool = True) -> None:
        self.modern = modern
        self.parts = False
        self.projects: dict[str, list[dict[str, Any]]] = {}
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.headers: Mapping[str, str] = KEPT
        site = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                secret = self.headers.get("Authorization", "")
                site.asked.append((self.command, self.path, secret))
                status, kind, body = site.answer(self.path, self.headers.get("Accept", ""))
                part = re.match(r"bytes=(\d+)-(\d+)$", self.headers.get("Range", ""))
                if part is not None and site.parts:
                    status, body = 206, body[int(part[1]) : int(part[2]) + 1]
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    with contextlib.suppress(ConnectionError):
                        self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, path: str, accept: str) -> tuple[int, str, bytes]:
        if path.startswith("/files/"):
            body = self.files.get(path.removeprefix("/files/"))
            kind = "application/octet-stream"
            return (404, kind, b"") if body is None else (200, kind, body)
        entries = self.projects.get(path.removeprefix("/simple/").strip("/"))
        if entries is None:
            return 404, "text/plain", b"nothing"
        if self.modern and "json" in accept:
            page = {"meta": {"api-version": "1.1"}, "name": "x", "files": entries}
            kind = "application/vnd.pypi.simple.v1+json"
            return 200, kind, json.dumps(page).encode()
        return 200, "text/html", "\n".join(map(self.link, entries)).encode()

    def link(self, entry: Mapping[str, Any]) -> str:
        marks = ""
        if entry["requires-python"]:
            asks = entry["requires-python"].replace(">", "&gt;").replace("<", "&lt;")
            marks += f' data-requires-python="{asks}"'
        if entry["yanked"]:
            marks += ' data-yanked="broken"'
        if entry["core-metadata"] and self.modern:
            marks += ' data-core-metadata="true"'
        digest = entry["hashes"]["sha256"]
        return f'<a href="{entry["url"]}#sha256={digest}"{marks}>{entry["filename"]}</a><br>'

    def put(self, name: str, content: bytes, python: str = "", yanked: bool = False) -> int:
        """Offer a file, and give its size."""
        project = re.sub(r"[-_.]+", "-", re.split(r"-\d", name)[0]).lower()
        self.files[name] = content
        self.projects.setdefault(project, []).append(
            {
                "filename": name,
                "url": f"../../files/{name}",
                "size": len(content),
                "requires-python": python or None,
                "yanked": "broken" if yanked else False,
                "core-metadata": False,
                "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            }
        )
        return len(content)

    def wheel(
        self,
        name: str,
        version: str,
        *needs: str,
        tags: str = "py3-none-any",
        python: str = "",
        yanked: bool = False,
        ballast: int = 100,
    ) -> int:
        """Offer a wheel, and give its size."""
        file = f"{name}-{version}-{tags}.whl"
        size = self.put(file, wheel(name, version, needs, ballast), python, yanked)
        self.files[f"{file}.metadata"] = metadata(name, version, needs)
        project = re.sub(r"[-_.]+", "-", name).lower()
        self.projects[project][-1]["core-metadata"] = {"sha256": "0"}
        return size

    def index(self, user: str = "") -> Index:
        """Give an index at an https address, whose answers come from here."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def send(request: urllib.request.Request, seconds: float) -> http.client.HTTPResponse:
            assert request.full_url.startswith(HOST)
            inner = urllib.request.Request(
                request.full_url.replace(HOST, self.url),
                headers={**request.headers, **request.unredirected_hdrs},
                method=request.get_method(),
            )
            response: http.client.HTTPResponse = opener.open(inner, timeout=seconds)
            response.url = request.full_url
            return response

        return Index(HOST.replace("://", f"://{user}") + "/simple", open=send)

    def estimate(self, text: str, context: Path | str = "/nowhere") -> Estimate:
        return estimate(text, str(context), self.index())


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    yield found
    found.close()


@pytest.fixture
def old_site() -> Iterator[Site]:
    found = Site(modern=False)
    yield found
    found.close()


def names(found: Estimate) -> list[str]:
    return [f"{file.name} {file.version}" for file in found.files]


def reasons(found: Estimate) -> dict[str, str]:
    return {each.what: each.why for each in found.unseen}


# -- files and sizes -------------------------------------------------------------------------------


def test_a_file_its_dependencies_and_their_bytes(site: Site) -> None:
    flask = site.wheel("Flask", "3.0", "click>=8", "Werkzeug ~= 3.0")
    click = site.wheel("click", "8.1")
    werkzeug = site.wheel("werkzeug", "3.0.6")
    site.wheel("werkzeug", "4.0")
    found = site.estimate(SLIM + "RUN pip install 'flask>=2'\n")
    assert [tuple(file) for file in found.files] == [
        ("flask", "3.0", "Flask-3.0-py3-none-any.whl", flask, "flask>=2"),
        ("click", "8.1", "click-8.1-py3-none-any.whl", click, "flask 3.0"),
        ("werkzeug", "3.0.6", "werkzeug-3.0.6-py3-none-any.whl", werkzeug, "flask 3.0"),
    ]
    assert found.unseen == ()
    assert found.cache == flask + click + werkzeug + found.other
    pages = [
        len(site.answer(f"/simple/{name}/", "json")[2]) for name in ("flask", "click", "werkzeug")
    ]
    apart = [len(body) for name, body in site.files.items() if name.endswith(".metadata")]
    known = flask + click + werkzeug + sum(pages) + sum(apart[:3])
    assert found.low == known
    assert known < found.cache < found.high


def test_an_html_index_without_metadata(old_site: Site) -> None:
    old_site.wheel("flask", "3.0", "click")
    size = old_site.wheel("click", "8.1")
    found = old_site.estimate(SLIM + "RUN pip install flask\n")
    assert names(found) == ["flask 3.0", "click 8.1"]
    assert found.files[1].bytes == size
    assert 0 < found.low < found.cache < found.high
    assert found.unseen == ()


def test_a_size_that_the_page_does_not_tell_is_asked_for(old_site: Site) -> None:
    size = old_site.wheel("flask", "3.0", "click")
    found = old_site.estimate(SLIM + "RUN pip install --no-deps flask\n")
    assert [file.bytes for file in found.files] == [size]
    assert ("HEAD", "/files/flask-3.0-py3-none-any.whl", "") in old_site.asked
    assert not [path for method, path, _ in old_site.asked if method == "GET" and "files" in path]


def test_an_old_pip_reads_html_and_keeps_base64(site: Site) -> None:
    size = site.wheel("flask", "1.0", tags="py2.py3-none-any")
    found = site.estimate("FROM python:2.7.13-slim\nRUN pip install flask\n")
    assert names(found) == ["flask 1.0"]
    assert found.high >= size * 4 // 3
    assert found.low == 0


def test_a_pip_that_is_known_and_the_newest(site: Site) -> None:
    site.wheel("pip", "24.0")
    text = "FROM python:3.11.9\nRUN pip install -U pip\n"
    assert names(site.estimate(text)) == []
    site.wheel("pip", "24.1")
    assert names(site.estimate(text)) == ["pip 24.1"]


@pytest.mark.parametrize(
    ("base", "python"),
    [
        ("python:3.11-slim", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ("python:3.12", "cp312-cp312-manylinux_2_28_x86_64"),
        ("python:3.12-alpine", "cp312-cp312-musllinux_1_2_x86_64"),
        ("--platform=linux/arm64 python:3.12", "cp312-cp312-manylinux_2_28_aarch64"),
        ("python:3.13", "cp38-abi3-manylinux_2_17_x86_64"),
        ("python:3.6.8", "cp36-cp36m-manylinux1_x86_64"),
        ("python:2.7.13", "cp27-cp27mu-manylinux1_x86_64"),
    ],
)
def test_which_wheel_fits(site: Site, base: str, python: str) -> None:
    for tags in (
        "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-musllinux_1_2_x86_64",
        "cp312-cp312-manylinux_2_28_aarch64",
        "cp312-cp312-macosx_11_0_arm64",
        "cp312-cp312-win_amd64",
        "cp38-abi3-manylinux_2_17_x86_64",
        "cp36-cp36m-manylinux_2_17_x86_64",
        "cp36-cp36m-manylinux1_x86_64",
        "cp27-cp27m-manylinux1_x86_64",
        "cp27-cp27mu-manylinux1_x86_64",
    ):
        site.wheel("numpy", "1.0", tags=tags)
    found = site.estimate(f"FROM {base}\nRUN pip install numpy\n")
    assert [file.file for file in found.files] == [f"numpy-1.0-{python}.whl"]


def test_the_python_that_the_call_names(site: Site) -> None:
    site.wheel("numpy", "1.0", tags="cp39-cp39-manylinux1_x86_64")
    site.wheel("numpy", "1.0", tags="cp311-cp311-manylinux1_x86_64")
    found = site.estimate("FROM debian:12\nRUN python3.9 -m pip install numpy\n")
    assert [file.file for file in found.files] == ["numpy-1.0-cp39-cp39-manylinux1_x86_64.whl"]


def test_versions_that_pip_passes_over(site: Site) -> None:
    site.wheel("a", "1.0")
    site.wheel("a", "1.1", yanked=True)
    site.wheel("a", "1.2", python=">=3.12")
    site.wheel("a", "1.3rc1")
    site.put("a-not-a-version.whl", b"")
    site.put("a-9.exe", b"")
    assert names(site.estimate(SLIM + "RUN pip install a\n")) == ["a 1.0"]
    assert names(site.estimate(SLIM + "RUN pip install a==1.1\n")) == ["a 1.1"]
    assert names(site.estimate(SLIM + "RUN pip install --pre a\n")) == ["a 1.3rc1"]
    assert names(site.estimate(SLIM + "RUN pip install 'a>=1.3rc1'\n")) == ["a 1.3rc1"]
    assert names(site.estimate("FROM python:3.12\nRUN pip install a\n")) == ["a 1.2"]


def test_the_same_of_an_html_page(old_site: Site) -> None:
    old_site.wheel("a", "1.0")
    old_site.wheel("a", "1.1", yanked=True)
    old_site.wheel("a", "1.2", python=">=3.12,<4")
    assert names(old_site.estimate(SLIM + "RUN pip install a\n")) == ["a 1.0"]


def test_extras_and_markers(site: Site) -> None:
    site.wheel(
        "a",
        "1.0",
        "b ; extra == 'more'",
        "c ; extra == 'most'",
        "d ; python_version < '3.8'",
        "e ; sys_platform == 'linux' and platform_machine == 'x86_64'",
        "g[x] ; extra == 'more'",
    )
    site.wheel("g", "1.0", "f ; extra == 'x'")
    for name in "bcdef":
        site.wheel(name, "1.0")
    assert names(site.estimate(SLIM + "RUN pip install a\n")) == ["a 1.0", "e 1.0"]
    found = site.estimate(SLIM + "RUN pip install 'a[More]' 'c; python_version < \"3\"'\n")
    assert names(found) == ["a 1.0", "b 1.0", "e 1.0", "g 1.0", "f 1.0"]
    assert found.files[-1].why == "g 1.0"


def test_what_is_asked_for_later_excludes_the_newest(site: Site) -> None:
    site.wheel("a", "1.0", "c")
    site.wheel("b", "1.0", "c<2")
    site.wheel("c", "1.0")
    site.wheel("c", "2.0", "only")
    site.wheel("only", "1.0")
    found = site.estimate(SLIM + "RUN pip install a b\n")
    assert names(found) == ["a 1.0", "b 1.0", "c 1.0"]
    assert found.unseen == ()


def test_no_version_suits_all(site: Site) -> None:
    site.wheel("a", "1.0", "c>=2")
    site.wheel("b", "1.0", "c<2")
    site.wheel("c", "1.0")
    site.wheel("c", "2.0")
    found = site.estimate(SLIM + "RUN pip install a b\n")
    assert names(found) == ["a 1.0", "b 1.0", "c 2.0"]
    assert reasons(found) == {"c<2": "b 1.0 asks for it, beside 2.0: pip looks for older versions"}


def test_a_dependency_that_excludes_what_is_pinned(site: Site) -> None:
    site.wheel("a", "1.0", "b")
    site.wheel("a", "2.0")
    site.wheel("b", "1.0", "a>=2")
    found = site.estimate(SLIM + "RUN pip install a==1.0\n")
    assert names(found) == ["a 1.0", "b 1.0"]
    assert "older versions" in reasons(found)["a>=2"]


def test_each_project_once(site: Site) -> None:
    site.wheel("a", "1.0", "b")
    site.wheel("b", "1.0")
    found = site.estimate(SLIM + "RUN pip install a\nRUN pip install b && pip install a==1.0\n")
    assert names(found) == ["a 1.0", "b 1.0"]


def test_what_the_image_has_is_not_downloaded(site: Site) -> None:
    for name in ("pip", "setuptools", "wheel"):
        site.wheel(name, "99.0")
    assert names(site.estimate(SLIM + "RUN pip install pip setuptools wheel\n")) == []
    found = site.estimate(SLIM + "RUN pip install -U pip\n")
    assert names(found) == ["pip 99.0"]
    assert found.low < found.files[0].bytes  # it may be as new already
    text = "FROM python:3.12\nRUN pip install setuptools\n"
    assert names(site.estimate(text)) == ["setuptools 99.0"]


def test_only_and_no_binary(site: Site) -> None:
    site.wheel("a", "1.0")
    site.put("a-1.0.tar.gz", sdist("a", "1.0", {"PKG-INFO": metadata("a", "1.0", ())}))
    site.put("a-2.0.tar.gz", sdist("a", "2.0", {"PKG-INFO": metadata("a", "2.0", ())}))

    def file(options: str) -> list[str]:
        found = site.estimate(SLIM + f"RUN pip install {options} a\n")
        return [file.file for file in found.files]

    assert file("") == ["a-2.0.tar.gz"]
    assert file("--only-binary :all:") == ["a-1.0-py3-none-any.whl"]
    assert file("--prefer-binary") == ["a-1.0-py3-none-any.whl"]
    assert file("--only-binary=:all: --no-binary=a") == ["a-2.0.tar.gz"]
    assert file("--no-binary a 'a<2' #") == ["a-1.0.tar.gz"]


# -- sdists ----------------------------------------------------------------------------------------


def test_an_sdist(site: Site) -> None:
    texts = {
        "PKG-INFO": metadata("a", "1.0", ("b",)),
        "pyproject.toml": b'[build-system]\nrequires = ["hatchling"]\n',
        "a/__init__.py": b"#" * 50_000,
    }
    size = site.put("a-1.0.tar.gz", sdist("a", "1.0", texts))
    site.wheel("b", "1.0")
    site.wheel("hatchling", "1.0", "c")
    site.wheel("c", "1.0")
    found = site.estimate(SLIM + "RUN pip install a\n")
    told = reasons(found)
    assert found.files[0].bytes == size
    assert found.high - found.cache > 50_000
    assert "dependencies" in told["a-1.0.tar.gz"]
    assert "size" in told["the wheel that pip builds of a-1.0.tar.gz and keeps"]
    if sys.version_info >= (3, 11):
        assert names(found) == ["a 1.0", "b 1.0", "hatchling 1.0", "c 1.0"]
        assert found.files[2].why == "builds a 1.0"
    else:
        assert names(found) == ["a 1.0", "b 1.0"]
        assert "the build of a-1.0.tar.gz" in told


def test_an_sdist_that_says_what_it_needs(site: Site) -> None:
    text = metadata("a", "1.0", ()).replace(b"2.1", b"2.2")
    site.put("a-1.0.tar.gz", sdist("a", "1.0", {"PKG-INFO": text}))
    assert "a-1.0.tar.gz" not in reasons(site.estimate(SLIM + "RUN pip install a\n"))


@pytest.mark.parametrize("name", ["a-1.0.tar.gz", "a-1.0.zip", "a-1.0-py3-none-any.whl"])
def test_a_file_that_cannot_be_read(site: Site, name: str) -> None:
    size = site.put(name, b"PK broken" if name.endswith("zip") else b"broken")
    found = site.estimate(SLIM + "RUN pip install a\n")
    assert [file.bytes for file in found.files] == [size]
    assert "cannot be read" in reasons(found)[name]


def test_a_file_too_long_to_look_into(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MOST", 1000)
    site.modern = False
    size = site.wheel("a", "1.0", "b", ballast=5000)
    found = site.estimate(SLIM + "RUN pip install a\n")
    assert [file.bytes for file in found.files] == [size]
    assert "too much to download" in reasons(found)["a-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("parts", [True, False])
def test_a_large_wheel_is_read_in_parts(
    old_site: Site, monkeypatch: pytest.MonkeyPatch, parts: bool
) -> None:
    monkeypatch.setattr(resolve, "_LARGE", 1000)
    old_site.parts = parts
    size = old_site.wheel("a", "1.0", "b", ballast=500_000)
    old_site.wheel("b", "1.0")
    if parts:
        monkeypatch.setattr(indexes, "MOST", size - 1)
    found = old_site.estimate(SLIM + "RUN pip install a\n")
    assert names(found) == ["a 1.0", "b 1.0"]
    assert found.files[0].bytes == size
    assert found.unseen == ()


# -- requirement files -----------------------------------------------------------------------------


@pytest.fixture
def abc(site: Site) -> Site:
    """Give an index with a to h, in versions 1.0 and 2.0."""
    for name in "abcdefgh":
        site.wheel(name, "1.0")
        site.wheel(name, "2.0")
    return site


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_requirement_file(abc: Site, tmp_path: Path) -> None:
    write(
        tmp_path,
        r_txt=(
            "\ufeff# all we need\n"
            "a == 1.0  # why\n"
            "b ; python_version >= '3.8'\n"
            "c ; python_version < '3'\n"
            "d >= 1, \\\n  < 2\n"
            "\n"
            "-r more/s.txt\n"
            "--constraint=limits.txt\n"
            "f\n"
            "g==${VERSION}\n"
        ),
        more__s_txt="-r ../t.txt\ne\n",
        t_txt="-r r.txt\nh==1.0 --config-settings x=y\n",
        limits_txt="f<2\n# g\nunused==7\n",
    )
    text = SLIM + "ENV VERSION=1.0\nWORKDIR /app\nCOPY . .\nRUN pip install -r r.txt\n"
    found = abc.estimate(text, tmp_path)
    assert sorted(names(found)) == [
        "a 1.0", "b 2.0", "d 1.0", "e 2.0", "f 1.0", "g 1.0", "h 1.0",
    ]  # fmt: skip
    assert found.unseen == ()
    assert found.files[0].why == "a == 1.0 (r.txt)"


def test_hashes_choose_the_file(site: Site, tmp_path: Path) -> None:
    site.wheel("a", "1.0")
    source = sdist("a", "1.0", {"PKG-INFO": metadata("a", "1.0", ())})
    site.put("a-1.0.tar.gz", source)
    digest = hashlib.sha256(source).hexdigest()
    write(tmp_path, r_txt=f"a==1.0 \\\n    --hash=sha256:{digest}\n")
    found = site.estimate(SLIM + "COPY r.txt /\nRUN pip install -r /r.txt\n", tmp_path)
    assert [file.file for file in found.files] == ["a-1.0.tar.gz"]


@pytest.mark.parametrize(
    "lines",
    [
        "COPY r.txt /\nRUN pip install -r /r.txt",
        "COPY r.txt .\nRUN pip install -rr.txt",
        "WORKDIR /srv\nWORKDIR app\nCOPY r.txt ./\nRUN pip install -qr /srv/app/r.txt",
        "WORKDIR /app\nCOPY r.txt /app\nRUN pip install --requirement r.txt",
        "COPY r.txt sub /app/\nRUN pip install --requirement=/app/r.txt",
        "COPY sub/other.txt /x/r.txt\nRUN pip install -r /x/r.txt",
        "COPY sub /x\nRUN pip install -r /x/other.txt",
        "COPY ./sub/ x/\nWORKDIR x\nRUN pip install -r other.txt",
        "COPY *.txt /x/\nRUN pip install -r /x/r.txt",
        'COPY ["r.txt", "/a b/"]\nRUN pip install -r "/a b/r.txt"',
        "ARG HERE=/app\nENV NAME=r.txt\nCOPY $NAME ${HERE}/\nRUN pip install -r $HERE/$NAME",
        "ADD . /app\nRUN cd /app && pip install -r r.txt",
        "ADD . /app\nRUN cd app/sub && pip install -r other.txt",
        "COPY . /app\nRUN (cd /tmp && true) && pip install -r /app/r.txt",
        "RUN --mount=type=bind,source=r.txt,target=x.txt pip install -r x.txt",
        "WORKDIR /w\nRUN --mount=type=bind,target=. pip install -r sub/other.txt",
        "COPY --chown=1:1 --chmod=644 r.txt /r.txt\nRUN pip install -r /r.txt",
        "COPY <<EOF /r.txt\na==1.0\nEOF\nRUN pip install -r /r.txt",
        "COPY r.txt /root/\nRUN pip install -r ~/r.txt",
        "COPY r.txt /root/\nRUN pip install -r $HOME/r.txt",
        "COPY r.txt /old.txt\nCOPY sub/other.txt /r.txt\nRUN pip install -r /r.txt",
        "RUN pip install a==1.0",
        'RUN ["pip", "install", "a==1.0"]',
        "RUN V=1.0 && pip install a==$V",
        "ENV WHAT='a==1.0 a<2'\nRUN pip install $WHAT",
        "COPY r.txt /\nRUN pip wheel -w /w -r /r.txt",
        "COPY r.txt /\nRUN pip --quiet download -d /w --no-deps -r /r.txt",
        "COPY r.txt /c.txt\nRUN pip install -c /c.txt a",
        "COPY r.txt /c.txt\nENV PIP_CONSTRAINT=/c.txt\nRUN pip install a",
    ],
)
def test_where_requirements_come_from(abc: Site, tmp_path: Path, lines: str) -> None:
    write(tmp_path, r_txt="a==1.0\n", sub__other_txt="a<2\n")
    found = abc.estimate(f"{SLIM}{lines}\n", tmp_path)
    assert names(found) == ["a 1.0"]
    assert found.unseen == ()


def test_a_file_from_another_stage(abc: Site, tmp_path: Path) -> None:
    write(tmp_path, r_txt="a==1.0\n")
    text = (
        "FROM alpine AS files\nCOPY . /src\n" + SLIM + "COPY --from=files /src/r.txt /x/\n"
        "RUN pip install -r /x/r.txt\n"
        "RUN --mount=from=files,source=/src,target=/y pip install -r /y/r.txt b==1.0\n"
    )
    found = abc.estimate(text, tmp_path)
    assert names(found) == ["a 1.0", "b 1.0"]
    assert found.unseen == ()


@pytest.mark.parametrize(
    ("lines", "what", "why"),
    [
        ("RUN pip install a$V", "a$V", "variable"),
        ("RUN pip install $(cat r.txt)", "$(cat r.txt)", "variable"),
        ("RUN for p in a b; do pip install $p; done", "$p", "variable"),
        ("RUN pip install -r r.txt", "r.txt", "nothing copies it"),
        ("COPY none.txt r.txt\nRUN pip install -r r.txt", "r.txt", "not in the build context"),
        ("COPY . .\nRUN pip install -r none.txt", "none.txt", "not in the build context"),
        ("COPY up.txt /\nRUN pip install -r /up.txt", "/up.txt", "out of the build context"),
        ("COPY --from=x:1 r.txt .\nRUN pip install -r r.txt", "r.txt", "another image"),
        ("ADD https://x.test/r.txt .\nRUN pip install -r r.txt", "r.txt", "downloaded"),
        ("RUN pip install -r https://x.test/r.txt", "https://x.test/r.txt", "downloaded"),
        ("COPY <<EOF /r.txt\na==$V\nEOF\nRUN pip install -r /r.txt", "/r.txt", "variables"),
        ("RUN echo a > r.txt && pip install -r r.txt", "r.txt", "nothing copies it"),
        ("RUN echo a > r.txt\nRUN pip install -r r.txt", "r.txt", "RUN writes it"),
        ("COPY r.txt .\nRUN sed -i s/x/y/ r.txt\nRUN pip install -r r.txt", "r.txt", "change it"),
        ("RUN pip install git+https://x.test/a.git", "git+https://x.test/a.git", "URL"),
        ("RUN pip install https://x.test/a.zip", "https://x.test/a.zip", "URL"),
        ("RUN pip install 'a @ https://x.test/a.zip'", "a @ https://x.test/a.zip", "URL"),
        ("COPY . .\nRUN pip install .", ".", "folder or file"),
        ("COPY . .\nRUN pip install -e .[dev]", ".[dev]", "folder or file"),
        ("COPY . .\nRUN pip install dist/*.whl", "dist/*.whl", "folder or file"),
        ("COPY . .\nRUN pip install a-1.0-py3-none-any.whl", "a-1.0-py3-none-any.whl", "folder"),
        ("RUN pip install 'a=='", "a==", "cannot be read"),
        ("RUN pip install none", "none", "does not have it"),
        ("RUN pip install 'a>9'", "a>9", "no file of it for Python 3.11"),
        ("RUN cat r.txt | xargs pip install", "xargs pip install", "xargs"),
        ("RUN pip install -i https://x.test/s a", "--index-url https://x.test/s", "from there"),
        ("ENV PIP_INDEX_URL=https://x.test\nRUN pip install a", "PIP_INDEX_URL", "from there"),
        ("RUN pip install --platform any a", "--platform any", "another"),
        ("RUN pip install --group dev", "--group dev", "not read"),
        ("RUN pip install --cache-dir /c a", "pip install --cache-dir /c a", "--cache-dir"),
        ("ONBUILD RUN pip install a", "pip install a", "other builds"),
        ("RUN $PIP install a", "a call of pip", "not known"),
        ("COPY bad.txt /\nRUN pip install -r /bad.txt", "/bad.txt: a --hash='", "read"),
        ("COPY env.txt /\nRUN pip install -r /env.txt", "a==${NONE}", "variable"),
    ],
)
def test_what_is_unseen(abc: Site, tmp_path: Path, lines: str, what: str, why: str) -> None:
    context = tmp_path / "context"
    write(context, r_txt="a==1.0\n", bad_txt="a --hash='\n", env_txt="a==${NONE}\n")
    write(tmp_path, up_txt="secret==1\n")
    (context / "up.txt").symlink_to(tmp_path / "up.txt")
    text = f"{SLIM}{lines}\n"
    found = abc.estimate(text, context)
    assert why in reasons(found).get(what, f"not told, but {found.unseen}")
    told = next(each for each in found.unseen if each.what == what)
    assert 1 < told.line <= text.count("\n")
    assert len(found.unseen) == 1


@pytest.mark.parametrize("base", ["registry.test/own", "python:3", "$BASE", "scratch", "pypy:3.10"])
def test_a_python_that_is_not_known(site: Site, base: str) -> None:
    small = site.wheel("a", "1.0", tags="cp313-cp313-manylinux1_x86_64", ballast=9)
    right = site.wheel("a", "1.0", tags="cp312-cp312-manylinux1_x86_64", ballast=500)
    large = site.wheel("a", "1.0", tags="cp311-cp311-manylinux1_x86_64", ballast=9000)
    found = site.estimate(f"FROM {base}\nRUN pip install a\n")
    assert [file.bytes for file in found.files] == [right]
    assert [each.line for each in found.unseen] == [1]
    assert "3.12" in found.unseen[0].why or "3.10" in found.unseen[0].why
    assert found.low <= small + found.other
    assert found.high > large


PIECES = st.sampled_from(
    [
        "a", "b[x]", "==1.0", ">=", "~=", "===x", " ", "\n", "\\\n", "#", ";", "python_version<'3'",
        "extra=='x'", "platform_release>'x'", "@", "https://", "u:p@x", "-r", "-c ", "r.txt", "-e",
        "--hash=sha256:0", "--no-binary", ":all:", "${A}", "'", '"', "(", ")", "\0",
        "\ufeff", "é", "-",
    ]
)  # fmt: skip


@given(st.lists(PIECES).map("".join), st.lists(PIECES).map("".join))
def test_no_requirement_is_an_error(words: str, lines: str) -> None:
    def send(request: urllib.request.Request, seconds: float) -> http.client.HTTPResponse:
        raise urllib.error.URLError(OSError(2, "no network"))

    text = (
        f"{SLIM}COPY <<'END' /r.txt\n{lines}\nEND\nRUN pip install -r /r.txt\n"
        f"RUN pip install {words}\n"
    )
    found = estimate(text, "/nowhere", Index(HOST, open=send))
    assert found[:4] == (0, 0, 0, ())


# -- which calls -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        "RUN pip install --no-cache-dir a",
        "RUN pip --no-cache install a",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install a",
        "RUN --mount=type=cache,target=/root/.cache pip install a",
        "ENV PIP_NO_CACHE_DIR=1\nRUN pip install a",
        "RUN PIP_NO_CACHE_DIR=1 pip install a",
        "RUN pip install a && rm -rf ~/.cache",
        "RUN pip install a && rm -rf /root/.cache/pip",
        "RUN pip install a && rm -fr $HOME/.cache/*",
        "RUN pip install a && apt-get clean && rm -rf /tmp/* /root/.c*",
        'RUN pip install a && rm -rf "${HOME}/.cache/"',
        "RUN pip install a && pip cache purge",
        "RUN printf '[global]\\nno-cache-dir = True\\n' > /etc/pip.conf\nRUN pip install a",
        "COPY pip.conf /etc/\nRUN pip install a",
        "RUN pip uninstall -y a",
        "RUN pip install --no-index a",
    ],
)
def test_calls_that_leave_nothing(abc: Site, tmp_path: Path, lines: str) -> None:
    write(tmp_path, pip_conf="[install]\nno-cache-dir = true\n")
    assert abc.estimate(f"{SLIM}{lines}\n", tmp_path) == Estimate(0, 0, 0, (), ())


@pytest.mark.parametrize(
    "lines",
    [
        "RUN pip install a\nRUN rm -rf ~/.cache",
        "RUN rm -rf ~/.cache && pip install a",
        "RUN pip install a && rm -rf ~/.npm /root/.cache/uv",
        "RUN --mount=type=cache,target=/root/.cache/uv pip install a",
        "ENV PIP_NO_CACHE_DIR=\nRUN pip install a",
        "RUN pip install a\nENV PIP_NO_CACHE_DIR=1",
        "RUN sh -c 'pip install a'",
        "RUN <<EOF\npip install a\nEOF",
    ],
)
def test_calls_that_leave_their_cache(abc: Site, lines: str) -> None:
    assert names(abc.estimate(f"{SLIM}{lines}\n")) == ["a 2.0"]


def test_a_pip_without_a_cache(abc: Site) -> None:
    text = "FROM debian:8\nRUN apt-get install -y python-pip && pip install a\n"
    assert abc.estimate(text).files == ()


def test_the_stages_of_the_final_image(abc: Site) -> None:
    text = (
        "FROM python:3.11 AS base\nRUN pip install a\n"
        "FROM base AS tool\nRUN pip install b\n"
        "FROM base\nRUN pip install c\nCOPY --from=tool /x /x\n"
    )
    assert names(abc.estimate(text)) == ["a 2.0", "c 2.0"]


def test_what_may_not_run_counts_but_not_in_low(abc: Site) -> None:
    found = abc.estimate(SLIM + 'RUN if [ -n "$X" ]; then pip install a; fi\n')
    assert names(found) == ["a 2.0"]
    assert found.low == 0


def test_a_check_for_a_new_pip_is_counted(abc: Site) -> None:
    before = abc.estimate(SLIM + "RUN pip install a\n").cache
    abc.wheel("pip", "99.0")
    assert abc.estimate(SLIM + "RUN pip install a\n").cache > before
    text = SLIM + "ENV PIP_DISABLE_PIP_VERSION_CHECK=1\nRUN pip install a\n"
    assert abc.estimate(text).cache == before


def test_a_text_that_is_no_dockerfile() -> None:
    found = estimate("FROM x\nRUM y\n", "/nowhere", Index(HOST), dockerfile="D")
    assert found[:4] == (0, 0, 0, ())
    assert [(each.line, each.what) for each in found.unseen] == [(2, "D")]


def test_a_variable_that_cannot_be_expanded() -> None:
    text = SLIM + "ENV A=${B:?}\nENV PIP_NO_CACHE_DIR=\nRUN pip install a\n"
    found = estimate(text, "/nowhere", Index(HOST))
    assert [each.line for each in found.unseen] == [2]


# -- the index -------------------------------------------------------------------------------------


def test_credentials_go_to_the_index_and_into_no_text(site: Site, tmp_path: Path) -> None:
    site.wheel("a", "1.0")
    site.headers = {}
    write(tmp_path, r_txt="--extra-index-url https://me:hidden@x.test/simple?key=hidden\na\n")
    text = (
        SLIM + "COPY r.txt /\nARG TOKEN=hidden\n"
        "RUN pip install -r /r.txt git+https://$TOKEN@x.test/b.git none\n"
        "RUN pip install --index-url 'https://u:hidden@x.test' a 'c @ https://hidden@x.test/c'\n"
        "RUN pip install --cache-dir /c -i https://u:hidden@x.test a\n"
        "RUN pip install -r https://u:hidden@x.test/r.txt?token=hidden\n"
    )
    index = site.index("me:hidden%21@")
    found = estimate(text, str(tmp_path), index)
    assert names(found) == ["a 1.0"]
    assert index.url == f"{HOST}/simple"
    secret = "Basic " + base64.b64encode(b"me:hidden!").decode()
    assert {sent for _, _, sent in site.asked} == {secret}
    assert len(found.unseen) > 6
    assert "hidden" not in repr(found)
    assert secret not in repr(found)


def test_credentials_go_to_no_other_host(site: Site) -> None:
    site.wheel("a", "1.0")
    site.projects["a"][0]["url"] = "https://other.test/a-1.0-py3-none-any.whl"
    seen: list[tuple[str, str | None]] = []
    inner = site.index()

    def send(request: urllib.request.Request, seconds: float) -> http.client.HTTPResponse:
        seen.append((request.host, request.get_header("Authorization")))
        if request.host == "other.test":
            raise urllib.error.URLError(ConnectionRefusedError(111, "Connection refused"))
        return inner._open(request, seconds)

    index = Index(f"{HOST.replace('://', '://me:hidden@')}/simple", open=send)
    found = estimate(SLIM + "RUN pip install a\n", "/nowhere", index)
    assert {host for host, secret in seen if secret} == {"index.test"}
    assert "Connection refused" in reasons(found)["a-1.0-py3-none-any.whl"]


def test_a_dead_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        # bound, but nobody listens
        index = Index(f"http://me:hidden@127.0.0.1:{port}/simple")
        found = estimate(SLIM + "RUN pip install a b\n", "/nowhere", index)
    assert found[:4] == (0, 0, 0, ())
    assert [each.what for each in found.unseen] == ["a", "b"]
    assert all("cannot be reached" in each.why for each in found.unseen)
    assert "hidden" not in repr(found)


def test_an_answer_that_is_no_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = "application/vnd.pypi.simple.v1+json"
    for body in (b"{", b"[]", b'{"files": 1}', b'{"files": [{}]}'):
        monkeypatch.setattr(site, "answer", lambda *_, body=body: (200, kind, body))
        found = site.estimate(SLIM + "RUN pip install a\n")
        assert "no page" in reasons(found)["a"]


def test_an_error_of_the_index(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "answer", lambda *_: (500, "text/plain", b""))
    assert "500" in reasons(site.estimate(SLIM + "RUN pip install a\n"))["a"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.test/a", "data:,a"])
def test_a_page_leads_to_the_web_alone(site: Site, url: str) -> None:
    site.wheel("a", "1.0")
    site.projects["a"][0].update(url=url, size=None)
    found = site.estimate(SLIM + "RUN pip install a\n")
    assert found.files == ()
    assert "http" in reasons(found)["a-1.0-py3-none-any.whl"]


def test_connections_are_for_the_web_alone(tmp_path: Path) -> None:
    request = urllib.request.Request(tmp_path.as_uri())
    with pytest.raises(urllib.error.URLError):
        connect({})(request, 1)


@pytest.mark.parametrize("headers", [{}, {"ETag": "1", "Cache-Control": "private, no-store"}])
def test_answers_that_pip_may_not_keep(site: Site, headers: Mapping[str, str]) -> None:
    site.headers = headers
    size = site.wheel("a", "1.0")
    found = site.estimate(SLIM + "RUN pip install a\n")
    assert found.low == 0
    assert found.cache > size
    assert "may not be cached" in reasons(found)[f"the index {HOST}/simple"]


def test_an_index_without_https(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    site.wheel("a", "1.0", "b")
    site.wheel("b", "1.0")
    found = estimate(SLIM + "RUN pip install a\n", "/nowhere", Index(f"{site.url}/simple/"))
    assert names(found) == ["a 1.0", "b 1.0"]
    assert found.low == 0
    assert "no https" in reasons(found)[f"the index {site.url}/simple"]


def test_a_page_is_asked_for_once(abc: Site) -> None:
    text = SLIM + "RUN pip install a b\nRUN pip install a==1.0\nRUN pip install a b\n"
    abc.estimate(text)
    pages = [path for _, path, _ in abc.asked if path == "/simple/a/"]
    assert len(pages) == 1


def test_the_configured_index(tmp_path: Path) -> None:
    conf = tmp_path / ".config" / "pip" / "pip.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("[global]\nindex-url = https://a.test/simple/\n", encoding="utf-8")
    named = tmp_path / "named.conf"
    named.write_text("[install]\nindex-url = https://u:p@b.test/%20x\n", encoding="utf-8")
    broken = tmp_path / "broken.conf"
    broken.write_text("index-url\n", encoding="utf-8")
    home = {"HOME": str(tmp_path)}
    if sys.platform == "linux":
        assert Index.configured(home).url == "https://a.test/simple"
    assert Index.configured({**home, "PIP_CONFIG_FILE": str(named)}).url == "https://b.test/%20x"
    assert Index.configured({"PIP_INDEX_URL": "https://c.test/s", **home}).url == "https://c.test/s"
    assert Index.configured({**home, "PIP_INDEX_URL": " "}).url
    assert Index.configured({**home, "PIP_CONFIG_FILE": "/dev/null"}).url == PUBLIC
    Index.configured({**home, "PIP_CONFIG_FILE": str(broken)})


@pytest.mark.parametrize("url", ["", "x", "https://[x", "https://u:hidden@[x/simple", "ftp://x"])
def test_an_address_that_is_none(url: str) -> None:
    found = estimate(SLIM + "RUN pip install a\n", "/nowhere", Index(url))
    assert "http" in reasons(found)["a"]
    assert "hidden" not in repr(found)


def test_a_certificate_that_is_missing_is_told_by_the_connection() -> None:
    connect({"PIP_CERT": "/nowhere/ca.pem", "SSL_CERT_FILE": "/nowhere"})


def test_unseen_and_files_can_be_compared() -> None:
    assert Unseen(1, "a", "b") == (1, "a", "b")
