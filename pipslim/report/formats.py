"""The table of output formats: what `--output-format` takes, and what makes each of them."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from pipslim.settings.choice import BadSetting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.runner import FileOutcome

TEXT = "text"
# Each made by the module of its name, `as_json` say, whose `build` gives the whole text.
FORMATS = {
    TEXT: "the diff, for people and `git apply`",
    "json": "all that was found and changed, with the edits",
    "sarif": "SARIF 2.1.0, for code scanning and editors",
    "github": "annotations of a GitHub workflow",
    "gitlab": "a code quality report of GitLab",
    "junit": "JUnit XML, a test for each file",
}


def check_format(name: str) -> None:
    """Raise BadSetting for what is no format."""
    if name not in FORMATS:
        near = get_close_matches(name, FORMATS, 1)
        hint = f", did you mean {near[0]!r}?" if near else ""
        raise BadSetting(f"unknown output format {name!r}{hint}; formats: {', '.join(FORMATS)}")


def build(name: str, results: Sequence[FileOutcome], *, written: bool) -> str:
    """Give what became of files in a format other than text; ends with a newline if not empty.

    The path of a result is relative to the current folder, with slashes; its error does not name
    the path. `written` tells that the files hold the new texts by now.
    """
    module = import_module(f"pipslim.report.as_{name}")
    text: str = module.build(results, written=written)
    return text
