"""What all tests share."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import corpus as corpora
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_TOLD = "told"


@pytest.fixture(scope="session")
def corpus() -> corpora.Corpus:
    """Give the corpus of real Dockerfiles, or skip saying where it is looked for."""
    try:
        return corpora.find()
    except corpora.Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where the package index cannot be reached: what a package needs comes from there."""
    folder = tmp_path_factory.mktemp("index")
    words = ("-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "hatchling")
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip()[-200:]}")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Give a function that puts a line, a number measured say, into the summary of the run."""
    return lambda line: record_property(_TOLD, line)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests told."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    told = [
        line
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, line in report.user_properties
        if name == _TOLD
    ]
    if told:
        terminalreporter.section("measured")
        for line in told:
            terminalreporter.write_line(line)
