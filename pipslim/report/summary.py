"""The short account of a run for people: counts per pass, what was held back and why."""

from __future__ import annotations

from pipslim.fixes.base import NEEDS_BUILDKIT
from pipslim.passes import IDS
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipslim.runner import FileOutcome


class Summary:
    """Counts outcomes as they come; `lines` tells them."""

    __slots__ = (
        "buildkit",
        "changed",
        "failed",
        "fixed",
        "held",
        "others",
        "read",
        "unread",
        "unused",
    )

    def __init__(self) -> None:
        self.read = self.changed = self.unread = self.failed = 0
        self.buildkit = 0  # files that had nothing before that only BuildKit builds
        self.others = 0  # that would change; `read` and `changed` are of Dockerfiles
        self.fixed: dict[str, int] = {}
        self.held: list[tuple[str, str]] = []
        self.unused: list[str] = []

    def add(self, result: FileOutcome) -> None:
        """Take in what became of one file."""
        outcome = result.outcome
        if outcome is None:
            self.unread += 1
            return
        if result.other:
            self.others += outcome.changed
        else:
            self.read += 1
            self.changed += outcome.changed
        if outcome.problem is not None:
            if outcome.problem.pass_id:
                self.failed += 1
            else:
                self.unread += 1
        for report in outcome.reports:
            if report.fixed:
                self.fixed[report.pass_id] = self.fixed.get(report.pass_id, 0) + 1
            else:
                where = f"{result.path}:{report.position}"
                text = f"{where}: {report.pass_id}: {report.message}; {report.held}"
                self.held.append((report.pass_id, text))
        self.buildkit += any(r.fixed.endswith(NEEDS_BUILDKIT) for r in outcome.reports)
        for place, text in outcome.unused:
            self.unused.append(f"{result.path}:{place}: {text}")

    def lines(self, *, written: bool) -> Iterable[str]:
        """Give the account, line by line."""
        for text in self.unused:
            yield text
        if self.held:
            yield f"held back ({len(self.held)}):"
            for _, text in self.held:
                yield f"  {text}"
        verb = "changed" if written else "would change"
        parts = [f"{count_files(self.read)} read", f"{self.changed} {verb}"]
        if self.others:
            parts.append(f"{count_files(self.others, 'other ')} {verb}")
        if self.unread:
            parts.append(f"{self.unread} not readable as a Dockerfile")
        if self.failed:
            parts.append(f"{self.failed} left because a rewrite failed its proof")
        yield ", ".join(parts)
        for pass_id in IDS:
            fixed = self.fixed.get(pass_id, 0)
            held = sum(each == pass_id for each, _ in self.held)
            if fixed or held:
                told = f"{fixed} {'fixed' if written else 'to fix'}"
                yield f"  {pass_id}: {told}" + (f", {held} held back" if held else "")
        if self.buildkit:
            yield (
                f"cache mounts need BuildKit, which {count_files(self.buildkit)} did not before:"
                " Docker 23 or later, or DOCKER_BUILDKIT=1"
            )


def count_files(count: int, which: str = "") -> str:
    """Give a number of files in words; `which` tells of what sort, a blank behind it."""
    return f"{count} {which}file" if count == 1 else f"{count} {which}files"
