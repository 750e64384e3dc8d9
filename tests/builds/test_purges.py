"""Purges of pip's cache and inverted settings: built as they are, and as pipslim leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

import pipslim

from .bases import SLIM
from .compare import cached, compiled
from .engine import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .engine import Engine

pytestmark = pytest.mark.builds

HEAD = f"FROM {SLIM}\nENV PYTHONDONTWRITEBYTECODE=1\n"
CONF = (
    "RUN printf '[global]\\nno-cache-dir = True\\n\\n[install]\\ncompile = no\\n' > /etc/pip.conf\n"
)
MOUNT = "--mount=type=cache,id=purges,target=/root/.cache/pip"

PURGES = {
    "later-run": "RUN pip install idna\nRUN rm -rf /root/.cache/pip\n",
    "same-run": "RUN pip install idna && rm -rf ~/.cache/pip && touch /done\n",
    "operand": "RUN pip install idna && touch /x && rm -rf ~/.cache/pip /x\n",
    "heredoc": "RUN <<EOF\nset -e\npip install idna\nrm -rf $HOME/.cache/pip\nEOF\n",
    "list": "RUN set -e; pip install idna; rm -rf ~/.cache/pip; touch /done\n",
}


class Seen(NamedTuple):
    """What an image has: its size in bytes, its layers, packages and files of caches."""

    size: int
    layers: int
    packages: str
    cache: list[str]


def see(engine: Engine, text: str) -> Seen:
    """Build an image and look into it."""
    image = engine.build(text)
    told = engine.inspect(image)
    freeze = engine.run(image, ["pip", "freeze"])
    assert freeze.returncode == 0, freeze.stderr
    files = engine.files(image)
    return Seen(told["Size"], len(told["RootFS"]["Layers"]), freeze.stdout, cached(files))


@pytest.fixture
def slim(bases: Mapping[str, str]) -> None:
    """Skip where the base image can't be had."""
    if SLIM in bases:
        pytest.skip(bases[SLIM])


def fixed(text: str, *passes: str) -> str:
    """Give a text as some passes leave it; all, where none is named."""
    choice = pipslim.Choice(frozenset(passes)) if passes else pipslim.Choice()
    outcome = pipslim.rewrite(text, choice)
    assert outcome.problem is None
    assert outcome.changed
    return outcome.after


@pytest.mark.usefixtures("slim")
@pytest.mark.parametrize("name", PURGES)
def test_image_is_the_same_without_a_purge(name: str, engine: Engine) -> None:
    text = HEAD + CONF + PURGES[name]
    shorter = fixed(text, "late-purge")
    assert ".cache/pip" not in shorter
    before, after = see(engine, text), see(engine, shorter)
    assert after.size <= before.size
    assert after.layers == before.layers - (name == "later-run")
    assert after.packages == before.packages
    assert "idna" in after.packages
    assert before.cache == after.cache == []


@pytest.mark.usefixtures("slim")
def test_purge_in_a_later_run_saves_nothing(engine: Engine) -> None:
    install = HEAD + "RUN pip install idna\n"
    without = see(engine, install)
    purged = see(engine, install + "RUN rm -rf /root/.cache/pip\n")
    assert without.cache
    assert purged.cache == []
    assert purged.size >= without.size
    assert see(engine, fixed(install + "RUN rm -rf /root/.cache/pip\n")).size < without.size


@pytest.mark.usefixtures("slim")
def test_purge_of_a_mount_point_fails(engine: Engine) -> None:
    text = HEAD + f"RUN {MOUNT} pip install idna && rm -rf /root/.cache/pip\n"
    with pytest.raises(BuildFailed, match=r"(?i)busy"):
        engine.build(text)
    outcome = pipslim.rewrite(text, pipslim.Choice(frozenset(("late-purge",))))
    (report,) = outcome.reports
    assert report.message == "`rm` of /root/.cache/pip fails: a mount point cannot be removed"
    assert not report.fixed


@pytest.mark.usefixtures("slim")
def test_purge_that_fails_where_the_cache_is_off_goes(engine: Engine) -> None:
    text = HEAD + "RUN pip install idna\nRUN pip cache purge && pip cache purge\n"
    with pytest.raises(BuildFailed):
        engine.build(text.replace("ENV ", "ENV PIP_NO_CACHE_DIR=1 "))
    after = see(engine, fixed(text))
    assert after.cache == []


INVERTED = {
    "env": "ENV PIP_NO_COMPILE=1\nRUN pip install idna\n",
    "ahead": "RUN PIP_NO_COMPILE=yes pip install idna\n",
    "exported": "RUN export PIP_NO_COMPILE=1 && pip install idna\n",
    "written": (
        "RUN printf '[install]\\nno-compile = yes\\n' > /etc/pip.conf\nRUN pip install idna\n"
    ),
    "set": "RUN pip config --global set install.no-compile yes && pip install idna\n",
}


@pytest.mark.usefixtures("slim")
@pytest.mark.parametrize("name", INVERTED)
def test_no_compile_compiles_until_it_is_mended(name: str, engine: Engine) -> None:
    text = HEAD + INVERTED[name]
    assert compiled(engine.files(engine.build(text)))
    assert compiled(engine.files(engine.build(fixed(text, "inverted-setting")))) == []


@pytest.mark.usefixtures("slim")
def test_empty_no_cache_dir_leaves_the_cache_on_until_it_is_mended(engine: Engine) -> None:
    text = HEAD + "ENV PIP_NO_CACHE_DIR=\nRUN pip install idna\n"
    assert cached(engine.files(engine.build(text)))
    assert cached(engine.files(engine.build(fixed(text, "inverted-setting")))) == []
