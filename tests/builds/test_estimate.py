"""The estimate of pip's cache against the cache in the image of a real build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipslim.estimate.count import estimate
from pipslim.estimate.index import PUBLIC, Index, Unreachable, connect

from .bases import SLIM
from .compare import cached

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .engine import Engine

pytestmark = pytest.mark.builds

REAL = f"FROM {SLIM}\nRUN pip install numpy==1.26.4 pandas==2.2.2 flask==3.0.3\n"
# Which index and which certificates a build step has; the machine lends it them, if any.
PROBE = (
    f"FROM {SLIM}\n"
    'RUN printf %s "$PIP_INDEX_URL" > /index; '
    'for f in "$PIP_CERT" "$SSL_CERT_FILE"; do [ -f "$f" ] && cat "$f"; done > /ca.pem; true\n'
)


def test_the_cache_of_an_image_is_what_was_estimated(
    engine: Engine, bases: Mapping[str, str], tmp_path: Path, tell: Callable[[str], None]
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    lent = engine.files(engine.build(PROBE), lambda path: path in ("/index", "/ca.pem"))
    url = (lent["/index"].content or b"").decode() or PUBLIC
    environ = {}
    if lent["/ca.pem"].content:
        (tmp_path / "ca.pem").write_bytes(lent["/ca.pem"].content)
        environ["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")
    index = Index(url, open=connect(environ))
    try:
        index.page("numpy")
    except Unreachable as error:
        pytest.skip(f"the index of a build, {index.url}, is not to be had here: {error.reason}")
    files = engine.files(engine.build(REAL, anew=True))
    real = sum(files[path].size for path in cached(files))
    found = estimate(REAL, str(tmp_path), index)
    off = (found.cache - real) / real
    tell(
        f"estimate: {found.cache} bytes ({found.low} to {found.high}), in the image {real}: "
        f"{found.cache - real:+d} bytes, {off:+.4%}"
    )
    assert found.low <= real <= found.high
    assert not [each for each in found.unseen if not each.what.startswith("the index")]
