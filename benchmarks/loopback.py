"""A package index on the loopback interface, and small packages to fill it with."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
import threading
import zipfile
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Files = dict[str, bytes]

_PAGE = "text/html; charset=utf-8"
# What PyPI says of its pages and of its files.
_BRIEFLY, _FOR_EVER = "max-age=600, public", "max-age=365000000, immutable, public"
# Builds a wheel of the folder it is called in, with nothing but the standard library: the one
# requirement of the sdist's build, so that a cache which holds it was filled by an isolated build.
_BACKEND = '''"""A build backend."""
import base64, hashlib, zipfile
from pathlib import Path

NAME = "demo_source-1.0"
META = "Metadata-Version: 2.1\\nName: demo-source\\nVersion: 1.0\\n"
WHEEL = "Wheel-Version: 1.0\\nGenerator: demo\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    code = Path("demo_source/__init__.py").read_text()
    files = {"demo_source/__init__.py": code}
    files[NAME + ".dist-info/METADATA"] = META
    files[NAME + ".dist-info/WHEEL"] = WHEEL
    record = NAME + ".dist-info/RECORD"
    rows = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        rows.append("%s,sha256=%s,%d" % (name, digest.rstrip(b"=").decode(), len(text)))
    files[record] = "\\n".join(rows + [record + ",,"]) + "\\n"
    target = NAME + "-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target
'''


class Index:
    """An index of packages, over http on 127.0.0.1, for a `with` block.

    `files` maps the names of wheels and sdists to their bytes; `channel` maps paths below
    /channel to bytes. `asked` lists the paths that were asked for.
    """

    def __init__(self, files: Mapping[str, bytes], channel: Mapping[str, bytes] = {}) -> None:
        self.files, self.channel = dict(files), dict(channel)
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Index:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def root(self) -> str:
        """Give the address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str) -> tuple[bytes, str, str] | None:
        """Give body, type and caching header for a path; None where there is nothing."""
        kind, _, rest = path.strip("/").partition("/")
        if kind == "files" and rest in self.files:
            return self.files[rest], "application/octet-stream", _FOR_EVER
        if kind == "channel" and rest in self.channel:
            return self.channel[rest], "application/octet-stream", _BRIEFLY
        names = [name for name in sorted(self.files) if project(name) == rest]
        if kind == "simple" and names:
            return self._page(names).encode(), _PAGE, _BRIEFLY
        return None

    def _page(self, names: list[str]) -> str:
        links = []
        for name in names:
            digest = hashlib.sha256(self.files[name]).hexdigest()
            links.append(f'<a href="/files/{name}#sha256={digest}">{name}</a><br>')
        return "<!DOCTYPE html>\n<html><body>\n" + "\n".join(links) + "\n</body></html>\n"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                index.asked.append(self.path)
                found = index.answer(self.path.partition("?")[0])
                body, kind, cache = found or (b"not found\n", "text/plain", "no-store")
                etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                if found and self.headers.get("If-None-Match") == etag:
                    self.send_response(304)
                    body = b""
                elif found and (part := self._part(len(body))):
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {part[0]}-{part[1]}/{len(body)}")
                    body = body[part[0] : part[1] + 1]
                else:
                    self.send_response(200 if found else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", cache)
                self.send_header("ETag", etag)
                self.send_header("Last-Modified", formatdate(0, usegmt=True))
                self.send_header("Accept-Ranges", "bytes")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815

            def _part(self, length: int) -> tuple[int, int] | None:
                asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
                if asked is None or asked[0] == "bytes=-":
                    return None
                if not asked[1]:
                    return max(0, length - int(asked[2])), length - 1
                return int(asked[1]), min(int(asked[2] or length), length - 1)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        return Handler


def project(name: str) -> str:
    """Give the normal name of the project that a wheel or sdist belongs to."""
    return re.sub(r"[-_.]+", "-", re.split(r"-\d", name, maxsplit=1)[0]).lower()


def packages() -> Files:
    """Make the packages: a program, a library that it needs, a backend, an sdist that needs it."""
    code = b"def main():\n    print('it runs')\n"
    app: Files = {"demo_app/__init__.py": code, "demo_app/other.py": b"OTHER = 1\n"}
    lib: Files = {f"demo_lib/part{number}.py": b"PART = 1\n" * 400 for number in range(5)}
    script = b"[console_scripts]\ndemo-app = demo_app:main\n"
    made = dict(
        [
            _wheel("demo-app", app, ["demo-lib"], script),
            _wheel("demo-lib", {"demo_lib/__init__.py": b"", **lib}),
            _wheel("demo-backend", {"demo_backend.py": _BACKEND.encode()}),
        ]
    )
    made["demo_source-1.0.tar.gz"] = _tar("gz", _source())
    return made


def _source() -> Files:
    build = '[build-system]\nrequires = ["demo-backend"]\nbuild-backend = "demo_backend"\n'
    meta = "[project]\nname = 'demo-source'\nversion = '1.0'\n"
    return {
        "demo_source-1.0/pyproject.toml": (build + meta).encode(),
        "demo_source-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: demo-source\nVersion: 1.0\n",
        "demo_source-1.0/demo_source/__init__.py": b"SOURCE = 1\n",
    }


def channel() -> Files:
    """Make a conda channel: a package of Python modules, and a `python` to compile them with.

    That python is a script which runs the python3 on PATH.
    """
    run = b'#!/bin/sh\nexec "$DEMO_PYTHON" "$@"\n'
    python = {"bin/python": run, "bin/python3.11": run}
    lib = {f"site-packages/demo_conda/part{number}.py": b"PART = 1\n" for number in range(5)}
    made, entries = {}, {}
    for name, version, files, needs, noarch in (
        ("python", "3.11.7", python, [], None),
        ("demo-conda", "1.0", lib, ["python"], "python"),
    ):
        entry: dict[str, Any] = {
            "name": name, "version": version, "build": "0", "build_number": 0,
            "depends": needs, "subdir": "noarch",
        }  # fmt: skip
        if noarch:
            entry["noarch"] = noarch
        paths = [
            {
                "_path": path, "path_type": "hardlink", "size_in_bytes": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            for path, body in files.items()
        ]  # fmt: skip
        info = {
            "info/index.json": json.dumps(entry).encode(),
            "info/files": "".join(f"{path}\n" for path in files).encode(),
            "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        }
        if noarch:
            link = {"noarch": {"type": "python"}, "package_metadata_version": 1}
            info["info/link.json"] = json.dumps(link).encode()
        body = _tar("bz2", {**info, **files})
        target = f"{name}-{version}-0.tar.bz2"
        made[f"noarch/{target}"] = body
        entries[target] = {
            **entry, "size": len(body), "md5": hashlib.md5(body).hexdigest(),
            "sha256": hashlib.sha256(body).hexdigest(),
        }  # fmt: skip
    for subdir, found in (("noarch", entries), ("linux-64", {}), ("linux-aarch64", {})):
        data = {"info": {"subdir": subdir}, "packages": found, "packages.conda": {}}
        made[f"{subdir}/repodata.json"] = json.dumps(data).encode()
    return made


def _wheel(
    name: str, files: Files, needs: list[str] | None = None, script: bytes = b""
) -> tuple[str, bytes]:
    stem = f"{name.replace('-', '_')}-1.0"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    meta += "".join(f"Requires-Dist: {need}\n" for need in needs or [])
    kind = "Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {**files, f"{stem}.dist-info/METADATA": meta.encode()}
    files[f"{stem}.dist-info/WHEEL"] = kind.encode()
    if script:
        files[f"{stem}.dist-info/entry_points.txt"] = script
    record = f"{stem}.dist-info/RECORD"
    rows = []
    for path, body in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(body)}\n")
    files[record] = "".join([*rows, f"{record},,\n"]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in files.items():
            archive.writestr(path, body)
    return f"{stem}-py3-none-any.whl", out.getvalue()


def _tar(kind: str, files: Files) -> bytes:
    out = io.BytesIO()
    mode: Any = f"w:{kind}"
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for path, body in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(body), 0o755 if "/bin/" in f"/{path}" else 0o644
            archive.addfile(entry, io.BytesIO(body))
    return out.getvalue()
