"""What all tests share."""

from __future__ import annotations

import pytest

import corpus as corpora


@pytest.fixture(scope="session")
def corpus() -> corpora.Corpus:
    """Give the corpus of real Dockerfiles, or skip saying where it is looked for."""
    try:
        return corpora.find()
    except corpora.Missing as reason:
        pytest.skip(str(reason))
