"""What all tests share."""

from __future__ import annotations

import corpus as corpora
import pytest


@pytest.fixture(scope="session")
def corpus() -> corpora.Corpus:
    """Give the corpus of real Dockerfiles, or skip saying where it is looked for."""
    try:
        return corpora.find()
    except corpora.Missing as reason:
        pytest.skip(str(reason))
