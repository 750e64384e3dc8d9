"""The engine that the build tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .bases import seen_to
from .engine import Engine, NoEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Give a container engine, or skip with the reason why there is none."""
    try:
        found = Engine.find()
    except NoEngine as reason:
        pytest.skip(str(reason))
    yield found
    found.remove_all()


@pytest.fixture(scope="session")
def bases(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """See to the images that builds start from; give the reason for each that can't be had."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # what all processes of a run have
    with seen_to(engine, folder) as missing:
        yield missing
