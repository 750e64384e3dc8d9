"""Cache mounts, built for real: what a second build downloads, for root and for another user."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import pytest

import pipslim
from pipslim.facts.options import MOUNT, NONE, Options

from .bases import SLIM
from .compare import cached, compiled
from .engine import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .engine import Engine

pytestmark = [pytest.mark.builds, pytest.mark.usefixtures("bases")]

# By another value of the argument a step is done anew; `--no-cache` would empty the mounts, too.
HEAD = f"FROM {SLIM}\nARG BUST\n"
USER = "RUN useradd --uid 1001 --create-home app\nUSER app\n"
CACHE = "--mount=type=cache,target=/root/.cache/pip"
DOWNLOADED = re.compile(r"\bDownloading (\S+)")
# How a build step reaches its index, and what uv says of each file that it has to fetch.
INDEX = "${PIP_INDEX_URL:-https://pypi.org/simple}"
FETCHED = re.compile(r"No cache entry for: \S+/(\w+)\S+\.whl")


def rewritten(text: str, cache: str, cache_id: str = "") -> str:
    """Rewrite a Dockerfile; `cache` is what becomes of pip's cache."""
    choice = pipslim.Choice(options=Options(cache=cache, cache_id=cache_id))
    outcome = pipslim.rewrite(text, choice)
    assert outcome.problem is None
    assert outcome.changed
    return outcome.after


def downloads(engine: Engine, text: str) -> tuple[str, list[str]]:
    """Build an image with no layer of an earlier build; give it, and what pip downloaded."""
    image = engine.build(text, build_args={"BUST": fresh()})
    return image, DOWNLOADED.findall(engine.output(image))


def fresh() -> str:
    """Give the id of a cache that nothing has filled yet."""
    return f"test-{uuid.uuid4().hex}"


FILLED: Mapping[str, str] = {
    "root": HEAD + "RUN pip install idna blinker\n",
    "another-user": HEAD + USER + "RUN pip install --user idna blinker\n",
    "heredoc": HEAD + "RUN <<EOF\nset -e\npip install idna\nEOF\n",
    "flagged-before": HEAD + "ENV PIP_NO_CACHE_DIR=1\nRUN pip install --no-cache-dir idna\n",
}


@pytest.mark.parametrize("text", FILLED.values(), ids=FILLED.keys())
def test_second_build_downloads_nothing(engine: Engine, text: str) -> None:
    after = rewritten(text, MOUNT, fresh())
    image, first = downloads(engine, after)
    assert first
    again, second = downloads(engine, after)
    assert not second
    files = engine.files(image)
    assert not cached(files)
    assert not compiled(files)
    before = engine.run(engine.build(text), ["pip", "freeze", "--all"]).stdout
    assert engine.run(image, ["pip", "freeze", "--all"]).stdout == before
    assert engine.run(again, ["pip", "freeze", "--all"]).stdout == before


def test_each_build_downloads_anew_where_the_cache_is_off(engine: Engine) -> None:
    after = rewritten(FILLED["root"], NONE)
    _, first = downloads(engine, after)
    _, second = downloads(engine, after)
    assert first == second != []


DEFEATED: Mapping[str, str] = {
    "flag": HEAD + f"RUN {CACHE},id=ID pip install --no-cache-dir idna\n",
    "env": HEAD + f"ENV PIP_NO_CACHE_DIR=1\nRUN {CACHE},id=ID pip install idna\n",
}


@pytest.mark.parametrize("text", DEFEATED.values(), ids=DEFEATED.keys())
def test_defeated_mount_is_mended_either_way(engine: Engine, text: str) -> None:
    text = text.replace("ID", fresh())
    assert downloads(engine, text)[1] == downloads(engine, text)[1] != []

    mounted = rewritten(text, MOUNT)
    assert "--no-cache-dir" not in mounted
    assert "PIP_NO_CACHE_DIR" not in mounted
    image, first = downloads(engine, mounted)
    assert first
    assert not downloads(engine, mounted)[1]
    assert not cached(engine.files(image))

    without = rewritten(text, NONE)
    assert "--mount" not in without
    image, first = downloads(engine, without)
    assert first
    assert not cached(engine.files(image))


def test_purge_of_a_mount_point_would_fail(engine: Engine) -> None:
    purge = "pip install idna && rm -rf /root/.cache/pip"
    with pytest.raises(BuildFailed, match="busy"):
        engine.build(HEAD + f"RUN {CACHE},id={fresh()} {purge}\n")
    after = rewritten(HEAD + f"RUN {purge}\n", MOUNT, fresh())
    assert not cached(engine.files(engine.build(after)))


def test_back_again_is_what_it_would_have_been(engine: Engine) -> None:
    text = FILLED["root"]
    there = rewritten(text, MOUNT, fresh())
    back = rewritten(there, NONE)
    assert back == rewritten(text, NONE)
    assert engine.build(back) == engine.build(rewritten(text, NONE))


def test_other_programs_cannot_write_beside_a_mount(engine: Engine) -> None:
    """That is why another user's RUN has one only where pip alone would write to its home."""
    mount = f"--mount=type=cache,target=/home/app/.cache/pip,uid=1001,id={fresh()}"
    with pytest.raises(BuildFailed, match="Permission denied"):
        engine.build(HEAD + USER + f"RUN {mount} pip install idna && touch ~/.cache/x\n")


UV_HEAD = f"FROM {SLIM}\nENV UV_INSECURE_HOST=localhost\nRUN pip install uv\nARG BUST\n"
UV: Mapping[str, str] = {
    "root": UV_HEAD + f'RUN uv pip install --system -v --index-url "{INDEX}" idna blinker\n',
    "another-user": UV_HEAD
    + USER
    + f'RUN uv pip install --target /home/app/lib -v --index-url "{INDEX}" idna blinker\n',
}


@pytest.mark.parametrize("text", UV.values(), ids=UV.keys())
def test_second_build_with_uv_fetches_nothing(engine: Engine, text: str) -> None:
    def fetched(text: str) -> tuple[str, set[str]]:
        image = engine.build(text, build_args={"BUST": fresh()})
        return image, set(FETCHED.findall(engine.output(image)))

    after = rewritten(text, MOUNT, fresh())
    assert ".cache/uv,sharing=locked" in after
    image, first = fetched(after)
    assert first == {"idna", "blinker"}
    assert "Failed to hardlink" not in engine.output(image)
    again, second = fetched(after)
    assert not second
    assert not [name for name in engine.files(image) if "/.cache/uv/" in name]
    plain = engine.build(text)
    assert [name for name in engine.files(plain) if "/.cache/uv/" in name]
    where = "/home/app/lib" if "/home/app/lib" in text else ""
    listing = ["python", "-c", f"import sys; sys.path.insert(0, '{where}'); import idna, blinker"]
    for each in (image, again, plain):
        engine.run(each, listing)


def test_uv_without_the_variable_warns_of_links(engine: Engine) -> None:
    mount = f"--mount=type=cache,target=/root/.cache/uv,id={fresh()}"
    text = UV["root"].replace("RUN uv", f"RUN {mount} uv")
    image = engine.build(text, build_args={"BUST": fresh()})
    assert "Failed to hardlink" in engine.output(image)
