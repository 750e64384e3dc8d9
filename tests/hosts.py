"""Cases of files that hold Dockerfiles: a host before and after, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipslim import Choice, Outcome, decode
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.syntax.edits import apply

CARRIERS = Path(__file__).parents[1] / "fixtures" / "_carriers"


class Case(NamedTuple):
    """A case: its kind, its folder, the host before and after, what is told, line by line."""

    kind: str
    folder: Path
    before: str
    after: str
    told: str

    def rewritten(self, text: str, choice: Choice | None = None) -> Outcome:
        """Rewrite a host of this kind."""
        return carried(text, BY_KIND[self.kind].parts, choice or Choice())


def cases(kind: str) -> list[Case]:
    """Give the cases of a carrier; without an `after`, every byte stays."""
    found: list[Case] = []
    for folder in sorted((CARRIERS / kind).iterdir()):
        (before,) = folder.glob("before*")
        after = folder / before.name.replace("before", "after", 1)
        told = folder / "told.txt"
        texts = (decode((after if after.exists() else before).read_bytes()),)
        found.append(
            Case(
                kind,
                folder,
                decode(before.read_bytes()),
                *texts,
                told.read_text("utf-8") if told.exists() else "",
            )
        )
    return found


def told_of(outcome: Outcome) -> str:
    """Give all that an outcome tells, as `told.txt` has it."""
    lines = [
        f"{each.position}: {each.pass_id}: {each.message}; {each.fixed or each.held}\n"
        for each in outcome.reports
    ]
    lines += [f"{place}: {text}\n" for place, text in outcome.unused]
    if outcome.problem is not None:
        lines.append(f"{outcome.problem.position}: {outcome.problem.reason}\n")
    return "".join(lines)


def check(case: Case) -> None:
    """Check what holds for each case, whatever its kind."""
    outcome = case.rewritten(case.before)
    assert outcome.problem is None or not outcome.problem.pass_id, outcome.problem
    assert outcome.before == case.before
    assert outcome.after == case.after
    assert told_of(outcome) == case.told
    assert apply(case.before, outcome.edits) == outcome.after
    again = case.rewritten(outcome.after)
    assert again.after == outcome.after, "a second run changes nothing"
    assert again.problem == outcome.problem
    crlf = case.before.count("\r\n"), case.before.count("\n")
    if crlf[0] == crlf[1] or not crlf[0]:
        assert (outcome.after.count("\r\n") > 0) == (crlf[0] > 0)
    if outcome.problem is None:
        parts = BY_KIND[case.kind].parts
        for text in (case.before, case.after):
            for part in parts(text):
                assert len(part.starts) == len(part.ends) == len(part.text)
                for start, end in zip(part.starts, part.ends, strict=True):
                    assert 0 <= start <= end <= len(text)


def blind(value: object, key: str) -> object:
    """Give data with the kind of each value of a key in its place: all else has to stay equal."""
    if isinstance(value, dict):
        return {
            name: type(each).__name__ if name == key else blind(each, key)
            for name, each in value.items()
        }
    return [blind(each, key) for each in value] if isinstance(value, list) else value
