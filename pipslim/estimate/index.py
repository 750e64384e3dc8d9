"""A package index: the files of a project, their sizes, and their metadata."""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from html.parser import HTMLParser
from pathlib import Path

from pipslim.estimate.kept import cacheable, header
from pipslim.estimate.values import without_secrets
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Open = Callable[[urllib.request.Request, float], http.client.HTTPResponse]

PUBLIC = "https://pypi.org/simple"
MOST = 96 << 20
"""The most bytes that are downloaded of one file to learn its dependencies."""

_MOST_PAGE = 64 << 20
_SECONDS = 15.0
_SECONDS_IN_ALL = 180.0
_JSON = "application/vnd.pypi.simple.v1+json"
# What pip from 22.2 on asks for, and what those before it ask for.
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
_ACCEPT_HTML = "text/html"


class Unreachable(Exception):
    """What an index does not give; `reason` says why, without any credentials."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = without_secrets(reason)


class File(NamedTuple):
    """A file that an index offers. `size` is in bytes, None where the index does not tell it.

    `metadata` tells that its metadata can be had alone (PEP 658), `yanked` PEP 592's mark.
    """

    name: str
    url: str
    size: int | None
    requires_python: str
    yanked: bool
    metadata: bool
    sha256: str


class Answer(NamedTuple):
    """An answer of an index, as pip would keep it.

    `size` are the bytes of its body as they were sent, `header` those that pip writes about it;
    `kept` is false where pip would keep nothing: no https, or the answer may not be cached.
    """

    body: bytes
    size: int
    header: int
    kept: bool


class Page(NamedTuple):
    """The page of a project: its files, and the answer that it came as."""

    files: tuple[File, ...]
    answer: Answer


class Index:
    """A package index with the simple API: JSON (PEP 691, sizes by PEP 700), else HTML (PEP 503).

    `url` may hold a user and a password; they go to that host alone, and into no text. `open` opens
    a request within so many seconds, as `connect` gives it. What was asked once is remembered.
    All methods raise Unreachable.
    """

    def __init__(self, url: str, *, open: Open | None = None) -> None:  # noqa: A002
        try:
            parts = urllib.parse.urlsplit(url)
        except ValueError:
            parts = urllib.parse.urlsplit("")  # all that is asked of it is then refused
        user, at, host = parts.netloc.rpartition("@")
        self._authorization = ""
        if at:
            raw = urllib.parse.unquote(user if ":" in user else f"{user}:").encode()
            self._authorization = f"Basic {base64.b64encode(raw).decode('ascii')}"
        self._origin = parts.scheme, host
        clean = parts._replace(netloc=host, query="", fragment="")
        self.url = urllib.parse.urlunsplit(clean).rstrip("/")
        self._open = open if open is not None else connect(os.environ)
        self._pages: dict[tuple[str, bool], Page | Unreachable] = {}
        self._answers: dict[tuple[str, str], Answer | Unreachable] = {}
        self._samples: dict[str, Answer] = {}
        self._dead: dict[str, str] = {}

    @classmethod
    def configured(cls, environ: Mapping[str, str]) -> Index:
        """Give the index that pip on this machine uses.

        That of PIP_INDEX_URL, else of pip's configuration files, else the public one. Source:
        pip's documentation, "Configuration"; a file that cannot be read counts as empty.
        """
        from pipslim.estimate.configuration import setting

        url = environ.get("PIP_INDEX_URL", "").strip() or setting(environ, "index-url") or PUBLIC
        certificate = environ.get("PIP_CERT") or setting(environ, "cert")
        return cls(url.split()[0], open=connect({**environ, "PIP_CERT": certificate}))

    def page(self, project: str, *, html: bool = False) -> Page:
        """Give the files of a project, by its normalised name; with `html`, as old pips ask."""
        key = project, html
        found = self._pages.get(key)
        if found is None:
            try:
                found = self._page(project, _ACCEPT_HTML if html else _ACCEPT)
            except Unreachable as error:
                found = error
            self._pages[key] = found
        if isinstance(found, Unreachable):
            raise found
        return found

    def size(self, file: File) -> int:
        """Give the size of a file in bytes, asked for where the page did not tell it."""
        return file.size if file.size is not None else self._answer(file.url, "HEAD").size

    def sample(self, file: File) -> Answer:
        """Give an answer whose header is like that for `file`: one is asked for at each host."""
        for method in ("GET", "HEAD"):
            known = self._answers.get((file.url, method))
            if isinstance(known, Answer):
                return known
        host = urllib.parse.urlsplit(file.url).netloc
        if host not in self._samples:
            self._samples[host] = self._answer(file.url, "HEAD")
        return self._samples[host]

    def metadata(self, file: File) -> Answer:
        """Give the metadata of a file that offers it alone (PEP 658)."""
        return self._answer(f"{file.url}.metadata", "GET")

    def content(self, file: File) -> Answer:
        """Give a whole file, if it has no more than `MOST` bytes."""
        if file.size is not None and file.size > MOST:
            raise Unreachable(_too_long(MOST))
        return self._answer(file.url, "GET")

    def part(self, file: File, start: int, end: int) -> bytes:
        """Give the bytes of a file from `start` to before `end`, if its host gives parts."""
        return self._ask(file.url, "GET", "*/*", end - start, f"bytes={start}-{end - 1}")[0].body

    def _page(self, project: str, accept: str) -> Page:
        url = f"{self.url}/{urllib.parse.quote(project)}/"
        answer, base, kind = self._ask(url, "GET", accept, _MOST_PAGE)
        try:
            if kind == _JSON:
                return Page(_from_json(json.loads(answer.body), base), answer)
            return Page(_from_html(answer.body.decode("utf-8", "replace"), base), answer)
        except (ValueError, TypeError, AttributeError, KeyError):
            raise Unreachable("its answer is no page of a package index") from None

    def _answer(self, url: str, method: str) -> Answer:
        found = self._answers.get((url, method))
        if found is None:
            try:
                found = self._ask(url, method, "*/*", MOST)[0]
            except Unreachable as error:
                found = error
            self._answers[url, method] = found
        if isinstance(found, Unreachable):
            raise found
        return found

    def _ask(
        self, url: str, method: str, accept: str, most: int, part: str = ""
    ) -> tuple[Answer, str, str]:
        """Give an answer, its final address and its type; pip's own headers are sent."""
        try:
            parts = urllib.parse.urlsplit(url)
        except ValueError:
            raise Unreachable("its address cannot be read") from None
        host = parts.netloc
        if parts.scheme not in ("http", "https"):
            raise Unreachable("its address is neither http nor https")
        if host in self._dead:
            raise Unreachable(self._dead[host])
        packed = "identity" if accept == "*/*" else "gzip, deflate"
        headers = {"Accept": accept, "Accept-Encoding": packed, "User-Agent": "pipslim"}
        headers |= {"Range": part} if part else {}
        try:
            request = urllib.request.Request(url, headers=headers, method=method)
            if self._authorization and (parts.scheme, host) == self._origin:
                request.add_unredirected_header("Authorization", self._authorization)
            with self._open(request, _SECONDS) as response:
                if part and response.status != 206:
                    raise Unreachable("its host gives no parts of files")
                body = b"" if method == "HEAD" else _read(response, most)
                fields = response.headers
                kind = fields.get_content_type()
                told = fields.get("Content-Length", "")
                final = response.geturl()
        except urllib.error.HTTPError as error:
            error.close()
            missing = error.code == 404
            reason = "the index does not have it" if missing else f"the index answered {error.code}"
            raise Unreachable(reason) from None
        except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
            reason = _reason(error)
            if isinstance(error, urllib.error.URLError):
                self._dead[host] = reason
            raise Unreachable(reason) from None
        size = len(body)
        if method == "HEAD":
            if not told.isdecimal():
                raise Unreachable("the index does not tell its size")
            size = int(told)
        if fields.get("Content-Encoding", "identity") != "identity":
            try:
                body = zlib.decompressobj(47).decompress(body, _MOST_PAGE)
            except zlib.error:
                raise Unreachable("its answer cannot be unpacked") from None
        kept = parts.scheme == "https" and cacheable(fields)
        return Answer(body, size, header(fields, headers), kept), final, kind


def connect(environ: Mapping[str, str]) -> Open:
    """Give what opens requests for http and https, and for nothing else.

    Certificates: those of the system, SSL_CERT_FILE's, and pip's PIP_CERT, REQUESTS_CA_BUNDLE or
    CURL_CA_BUNDLE. Proxies are those of the environment of this process.
    """
    context = ssl.create_default_context()
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = environ.get(name, "")
        try:
            if path:
                folder = Path(path).is_dir()
                context.load_verify_locations(**{"capath" if folder else "cafile": path})
        except (OSError, ssl.SSLError):
            continue  # the connection will say what is missing
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)

    def send(request: urllib.request.Request, seconds: float) -> http.client.HTTPResponse:
        response: http.client.HTTPResponse = opener.open(request, timeout=seconds)
        return response

    return send


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    end = time.monotonic() + _SECONDS_IN_ALL
    parts: list[bytes] = []
    size = 0
    while part := response.read(1 << 18):
        parts.append(part)
        size += len(part)
        if size > most:
            raise http.client.HTTPException(_too_long(most))
        if time.monotonic() > end:
            raise http.client.HTTPException("it takes too long to download")
    return b"".join(parts)


def _too_long(most: int) -> str:
    return f"it has more than {most >> 20} MB, too much to download for its dependencies"


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, TimeoutError):
        return "the index does not answer in time"
    if isinstance(cause, OSError):
        return f"the index cannot be reached: {cause.strerror or type(cause).__name__}"
    if isinstance(cause, http.client.HTTPException) and type(cause) is http.client.HTTPException:
        return str(cause)
    return f"the index cannot be asked: {type(cause).__name__}"


# -- pages -----------------------------------------------------------------------------------------


def _from_json(page: dict[str, object], base: str) -> tuple[File, ...]:
    """Read a page of PEP 691."""
    files = page["files"]
    if not isinstance(files, list):
        raise TypeError
    found: list[File] = []
    for each in files:
        size = each.get("size")
        hashes = each.get("hashes") or {}
        found.append(
            File(
                str(each["filename"]),
                urllib.parse.urljoin(base, str(each["url"])).partition("#")[0],
                size if isinstance(size, int) else None,
                str(each.get("requires-python") or ""),
                bool(each.get("yanked")) or each.get("yanked") == "",
                bool(each.get("core-metadata") or each.get("dist-info-metadata")),
                str(hashes.get("sha256", "")),
            )
        )
    return tuple(found)


def _from_html(page: str, base: str) -> tuple[File, ...]:
    """Read a page of PEP 503."""
    reader = _Links(base)
    reader.feed(page)
    reader.close()
    return tuple(reader.found)


class _Links(HTMLParser):
    """Collects the files that a page links to."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.found: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a link, or the address that links count from."""
        names = dict(attrs)
        href = names.get("href")
        if tag == "base" and href:
            self.base = urllib.parse.urljoin(self.base, href)
        if tag != "a" or not href:
            return
        url, _, digest = urllib.parse.urljoin(self.base, href).partition("#")
        name = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rpartition("/")[2])
        kind, _, value = digest.partition("=")
        apart = names.get("data-core-metadata") or names.get("data-dist-info-metadata") or "false"
        self.found.append(
            File(
                name,
                url,
                None,
                names.get("data-requires-python") or "",
                "data-yanked" in names,
                apart != "false",
                value if kind == "sha256" else "",
            )
        )
