"""The library: `pipslim.rewrite`, what it gives, and the comments that silence it."""

from __future__ import annotations

import builtins
import pickle
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest
from made import made

import pipslim
from pipslim import Choice, Outcome, Problem, Report, rewrite
from pipslim.facts.options import Options
from pipslim.fixes.base import Finding, Fix, Safety
from pipslim.passes import IDS, PASSES, USUAL, Step
from pipslim.syntax.edits import Edit, apply
from pipslim.syntax.source import BOM, Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.rewrite.engine import Offer
    from pipslim.syntax.document import Document

BASE = "FROM python:3.12-slim\n"
FLAG = " --no-cache-dir"
ALL = Choice()
CACHE = Choice(frozenset(("pip-cache",)))


def test_names_of_the_library() -> None:
    assert set(pipslim.__all__) <= set(dir(pipslim))
    assert pipslim.__version__.count(".") == 2


_IN_THREADS = """
import sys, threading
import pipslim
sys.setswitchinterval(1e-6)
barrier, done = threading.Barrier(8), []
def one():
    barrier.wait()
    done.append(pipslim.rewrite("FROM python:3.12\\nRUN pip install a\\n").after)
threads = [threading.Thread(target=one) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(done) == 8 and len(set(done)) == 1 and "--no-cache-dir" in done[0]
"""


def test_the_first_rewrites_may_be_in_several_threads_at_once() -> None:
    for _ in range(5):
        subprocess.run([sys.executable, "-c", _IN_THREADS], check=True)


# -- outcomes --------------------------------------------------------------------------------------


def test_outcome_of_a_change() -> None:
    text = BASE + "RUN apt-get update && \\\n    pip install flask\n"
    outcome = rewrite(text, CACHE)
    at = text.index(" flask")
    assert outcome == Outcome(
        before=text,
        after=text.replace("install", "install" + FLAG),
        edits=(Edit(at, at, FLAG),),
        reports=(
            Report(
                pass_id="pip-cache",
                offset=text.index("pip install"),
                end=at,
                position=Position(3, 5),
                message="`pip install` leaves its cache in the layer",
                fixed="add --no-cache-dir",
                held="",
                edits=(Edit(at, at, FLAG),),
            ),
        ),
        problem=None,
        unused=(),
    )
    assert outcome.changed


def test_outcome_of_nothing_to_do() -> None:
    text = "FROM scratch\nCOPY a /\n"
    outcome = rewrite(text)
    assert outcome == Outcome(text, text)
    assert not outcome.changed


def test_what_other_fixes_put_in_is_no_finding() -> None:
    text = "FROM apache/airflow:2.10.2-python3.11\nRUN pip install flask\n"
    asked: list[str] = []

    def accept(offer: Offer) -> bool:
        asked.append(offer.finding.pass_id)
        return True

    outcome = rewrite(text, accept=accept)
    assert outcome == rewrite(text)
    assert outcome.after.count("ENV") == 1, "two of them were put in and made one"
    assert [report.pass_id for report in outcome.reports] == ["bytecode", "pip-conf"] == asked


def test_reason_names_a_line_of_the_text_as_given() -> None:
    text = BASE + "COPY pip.conf /etc/pip.conf\nRUN pip install flask\n"
    outcome = rewrite(text)
    assert outcome.after.index("ENV ") < outcome.after.index("COPY "), "a line is put ahead of it"
    (held,) = [report.held for report in outcome.reports if report.held]
    assert held.startswith("line 2 brings pip settings of its own")


def test_outcome_of_a_finding_held_back() -> None:
    text = BASE + "RUN pip install --cache-dir=/c flask\n"
    outcome = rewrite(text, CACHE)
    assert not outcome.changed
    assert outcome.edits == ()
    (report,) = outcome.reports
    assert report.held == "it asks for a cache with --cache-dir"
    assert not report.fixed


def test_outcome_of_an_unreadable_text() -> None:
    text = BASE + "RUM pip install flask\n"
    outcome = rewrite(text)
    reason = "unknown instruction 'RUM'; a pre-processed file, or a missing continuation?"
    assert outcome == Outcome(text, text, problem=Problem(Position(2, 1), reason))
    assert not outcome.changed


def test_edits_lead_from_before_to_after() -> None:
    text = (
        "FROM python:3.6.5 AS a\nENV A=1\n\nENV B two\nRUN pip install b\nCMD c\n"
        "FROM a\nENV C=3\nRUN pip3 install d && pip cache purge"
    )
    outcome = rewrite(text)
    assert outcome.changed
    assert apply(text, outcome.edits) == outcome.after
    ends = [(edit.start, edit.end) for edit in outcome.edits]
    assert all(end < start for (_, end), (start, _) in pairwise(ends))


def test_reports_are_in_the_order_of_the_text() -> None:
    text = BASE + "ENV A=1\nENV B=2\nRUN pip install a\nRUN pip install b\n"
    reports = rewrite(text).reports
    assert {report.pass_id for report in reports} == {
        "pip-conf",
        "split-env",
        "bytecode",
        "pip-cache",
    }
    assert [report.offset for report in reports] == sorted(report.offset for report in reports)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (BASE + "RUN pip install a\n", 2, 5),
        (BASE + "\tRUN\tpip install a\n", 2, 6),
        (BOM + "FROM python:3.12-slim\nRUN pip install a\n", 2, 5),
        ("FROM python:3.12-slim\r\n\r\nRUN a && \\\r\n  pip install a\r\n", 4, 3),
        (BASE + "RUN <<EOF\nset -e\n  pip install a\nEOF\n", 4, 3),
        (BASE + "RUN sh -c 'pip install a'\n", 2, 12),
        (BASE + 'RUN ["pip", "install", "a"]\n', 2, 6),
        (BASE + "# größer\nRUN echo ö && pip install a\n", 3, 15),
    ],
)
def test_position_is_that_in_the_text_as_given(text: str, line: int, column: int) -> None:
    for choice in (CACHE, Choice()):
        (report,) = [r for r in rewrite(text, choice).reports if r.pass_id == "pip-cache"]
        assert report.position == Position(line, column)
        assert str(report.position) == f"{line}:{column}"


def test_everything_can_be_pickled() -> None:
    choice = Choice(frozenset(IDS), True, Options("24.0", (("a/*", "9.0"),), False))
    assert pickle.loads(pickle.dumps(choice)) == choice
    for text in (BASE + "RUN pip install a\n", "", BASE + "RUN pip install --cache-dir a b\n"):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            outcome = rewrite(text, choice)
            assert pickle.loads(pickle.dumps(outcome, protocol)) == outcome
    assert pickle.loads(pickle.dumps(rewrite)) is rewrite


def test_it_touches_no_disk_and_no_stream(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text = BASE + "ENV A=1\nENV B=2\nRUN pip install a\n"
    first = rewrite(text)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("not pure")

    for name in ("open", "print", "input"):
        monkeypatch.setattr(builtins, name, refuse)
    again = rewrite(text)
    monkeypatch.undo()
    assert again == first
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\x1f",
        "\\",
        "#",
        BOM,
        "\0",
        "FROM",
        "FROM a b",
        "RUN pip install a",
        BASE + "RUN & pip install a\n",
        BASE + "RUN | pip install a\n",
        BASE + "RUN ) pip install a\n",
        BASE + "RUN <<a pip install\n",
        BASE + "RUN [pip install a\n",
        BASE + 'RUN ["pip", "install"\n',
        BASE + 'RUN ["pip", "install", 1]\n',
        BASE + 'RUN ["\\ud800", "pip install"]\n',
        BASE + "RUN []\nRUN pip install a\n",
        BASE + "ONBUILD\n",
        BASE + "ONBUILD RUN\n",
        BASE + "ONBUILD ONBUILD RUN pip install a\n",
        BASE + "ONBUILD FROM a\n",
        BASE + "SHELL []\nRUN pip install a\n",
        BASE + "SHELL x\nRUN pip install a\n",
        BASE + "USER\nRUN pip install a\n",
        BASE + "USER $U\nRUN pip install a\n",
        BASE + "USER ${U\nRUN pip install a\n",
        BASE + "RUN --mount pip install a\n",
        BASE + "RUN --mount= pip install a\n",
        BASE + "RUN --mount=type=cache,target=${A pip install a\n",
        BASE + "RUN --mount=type=cache,target=$A pip install a\n",
        BASE + "ENV A=1\nENV B=${\n",
        BASE + "ENV A=1\nENV B='\n",
        BASE + "ENV A=1\nENV =\nENV =1\n",
        BASE + "ENV A=1\nENV $=1\n",
        BASE + "ENV A=1\nENV A\x001=2\nENV B=3\n",
        BASE + "ARG\nARG =\nARG A B=C $D\nRUN pip install a\n",
        "ARG = 7\nFROM $X\nRUN pip install a\n",
        "ARG A=b c\nFROM $A\nRUN pip install a\n",
        "ARG A=${\nFROM $A\nRUN pip install a\n",
        "ARG A='\nFROM $A\nRUN pip install a\n",
        "ARG A\nFROM ${A:?}\nRUN pip install a\n",
        "FROM $\nRUN pip install a\n",
        "FROM :\nRUN pip install a\n",
        "FROM @\nRUN pip install a\n",
        "FROM //\nRUN pip install a\n",
        "FROM a AS a\nFROM a AS a\nRUN pip install a\n",
        "FROM 0\nFROM 0\nFROM 1\nRUN pip install a\n",
        "FROM --platform=$A a\nRUN pip install a\n",
        "FROM --platform a\nRUN pip install a\n",
        BASE + "RUN pip install a && pip cache $H\n",
        BASE + "RUN a&&\\pip cache purge\nRUN pip install a\n",
        BASE + "RUN pip install a && 'pip' cache \\\n  purge && b\n",
        BASE + "RUN pip install 'pip==$V'\nRUN pip install pip==\nRUN pip install pip\n",
        BASE + "RUN pip\nRUN pip install\nRUN python -m\nRUN python -mpip\nRUN python -m pip\n",
        BASE + "RUN sudo\nRUN env\nRUN xargs\nRUN sh -c\nRUN find . -exec\nRUN conda run\n",
        BASE + "RUN sudo -u\nRUN env A=1\nRUN timeout\nRUN timeout 1\nRUN su -c\nRUN eval\n",
        BASE + "RUN sh -c '' && sh -c \"\" && sh -c '\"' && pip install a\n",
        BASE + "RUN sh -c 'sh -c \"sh -c pip\\ install\"'\n",
        BASE + "RUN python -m venv\nRUN virtualenv\nRUN python -m venv && pip install a\n",
        BASE + "RUN apt-get install\nRUN apk add\nRUN yum\nRUN get-pip.py\n",
        "FROM ubuntu:18.04\nRUN apt-get install -y python3-pip &&\\\n\\\n pip3 install a\n",
        "FROM ubuntu:18.04\nRUN apt-get install -y python3-pip; # c\nRUN pip3 install a",
        "# escape=`\n" + BASE + "RUN pip install `\n\\\na\n",
        BASE + "RUN \ud800 pip install \udcff\n",
        BASE + "RUN pip install a\r",
        BASE + "RUN pip install a\r\r\n",
        BASE + "\u2028RUN pip install a\n",
        BASE + "RUN\u00a0pip install a\n",
        BASE + "RUN pip\u00a0install a\n",
    ],
)
def test_it_never_raises(text: str) -> None:
    outcome = rewrite(text)
    assert outcome.before == text
    assert outcome.problem is None or not outcome.problem.pass_id
    assert rewrite(outcome.after).after == outcome.after


POWERSHELL = 'SHELL ["pwsh", "-Command"]\n'
PLAUSIBLE = {
    "script-in-a-script-of-exec-form": (
        BASE + 'RUN ["sh", "-c", "sh -c \'true\' && pip install a"]\n'
    ),
    "heredoc-and-crlf": (
        "FROM ubuntu:18.04\nRUN <<EOF\nset -e\napt install -y python3-pip\npip3 install a\nEOF\n"
    ).replace("\n", "\r\n"),
    "old-pip-under-powershell": f'FROM debian:10\n{POWERSHELL}RUN ["pip3", "install", "a"]\n',
    "old-pip-and-powershell-later": (
        f'FROM ubuntu:18.04\nRUN pip install a\n{POWERSHELL}RUN ["pip3", "install", "a"]\n'
    ),
    "arg-of-a-variable-set-above": (
        "FROM python:3.12 AS a\nRUN pip install a\nFROM a\nARG PYTHONDONTWRITEBYTECODE=1\n"
    ),
    "arg-of-a-variable-to-set": (
        "FROM jupyter/base-notebook:python-3.11\nARG PIP_COMPILE\nENV PATH=/x:$PATH\n"
        "RUN pip install a\n"
    ),
    "purge-between-seams-of-two-kinds": (
        "FROM python:3.6.5\nRUN pip install a && \\\n    pip2 cache purge && /v/bin/pip wheel a\n"
    ),
    "purge-before-brackets": BASE + "RUN pip cache purge && ( pip install a )\n",
    "purge-before-if": BASE + "RUN pip cache purge && if true; then pip install a; fi\n",
    "purges-in-a-row": BASE + "RUN pip install a && pip cache dir && pip cache purge\n",
    "purges-alone": BASE + "RUN pip cache dir && pip cache purge\nRUN pip install a\n",
    "purge-redirected": BASE + "RUN pip install a && pip cache purge > /dev/null 2>&1\n",
    "purge-behind-an-upgrade": (
        BASE + "RUN pip install pip==18.1 && pip install -U pip && pip cache purge\n"
    ),
    "pip-brought-in-a-case": (
        "FROM reg.io/x:1\nRUN <<EOF\ncase x in a) apt install python-pip;; esac\n"
        "(python -m pip install a)\nmake\nEOF\n"
    ),
    "upgrade-under-powershell": (
        f'FROM reg.io/x:1\n{POWERSHELL}RUN ["sh", "-c", "python -m pip install pip -U"]\n'
        'RUN ["pip", "install", "a"]\n'
    ),
    "purge-with-a-variable": BASE + "RUN pip install a && PIP_X=1 pip cache purge\n",
}


@pytest.mark.parametrize("text", PLAUSIBLE.values(), ids=PLAUSIBLE.keys())
def test_no_rewrite_fails_its_own_proof(text: str) -> None:
    outcome = rewrite(text)
    assert outcome.problem is None
    again = rewrite(outcome.after)
    assert again.problem is None
    assert again.after == outcome.after


# -- choices ---------------------------------------------------------------------------------------


def test_passes_that_are_not_chosen_do_not_run() -> None:
    text = (
        "FROM python:3.6.5\nENV A=1\nENV PIP_NO_COMPILE=1\nRUN pip install a && rm -r ~/.cache\n"
        "RUN rm -rf ~/.cache/pip\n"
        "RUN --mount=type=cache,target=/root/.cache/pip pip install --no-cache-dir b\n"
        "RUN pipenv sync && pipx install c && pip-sync && uv sync\n"
        "RUN curl -s https://bootstrap.pypa.io/get-pip.py | python\n"
        "RUN conda install a\nRUN poetry install\nRUN pdm sync\n"
        "RUN python -m venv /a && virtualenv /b && python setup.py install\n"
    )
    assert rewrite(text, Choice(frozenset())) == Outcome(text, text)
    for pass_id in IDS:
        outcome = rewrite(text, Choice(frozenset((pass_id,))))
        assert {report.pass_id for report in outcome.reports} == {pass_id}
    assert {report.pass_id for report in rewrite(text).reports} == set(USUAL)


def test_a_fix_of_what_goes_later_is_not_told() -> None:
    text = BASE + "RUN pip install a && rm -r ~/.cache/pip\nRUN rm -r ~/.cache\n"
    outcome = rewrite(text)
    assert "~/.cache/pip" not in outcome.after
    told = [(each.pass_id, each.position.line) for each in outcome.reports if each.fixed]
    assert ("strict-purge", 2) not in told
    assert {("strict-purge", 3), ("late-purge", 2)} <= set(told)


def offering(safety: Safety, why_not: str = "") -> Step:
    """Give a pass with one fix of this safety: `RUN a` becomes `RUN a -q`."""

    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        at = document.text.index("RUN a") + 5
        if not document.text.startswith(" -q", at):
            fix = Fix("be quiet", safety, (Edit(at, at, " -q"),))
            yield Finding("loud", Span(at, at), "loud", fix, why_not)

    return made("loud", find)


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("safety", list(Safety))
def test_fixes_are_applied_as_far_as_they_are_trusted(safety: Safety, unsafe: bool) -> None:
    text = BASE + "RUN a\n"
    choice = Choice(frozenset(("loud",)), unsafe)
    outcome = rewrite(text, choice, steps=(offering(safety),))
    applied = safety is Safety.SAFE or (safety is Safety.UNSAFE and unsafe)
    assert outcome.changed is applied
    (report,) = outcome.reports
    assert report.fixed == ("be quiet" if applied else "")
    assert bool(report.held) is not applied


def test_reasons_of_fixes_held_back() -> None:
    text = BASE + "RUN a\n"

    def held(step: Step) -> str:
        (report,) = rewrite(text, Choice(frozenset(("loud",))), steps=(step,)).reports
        return report.held

    assert held(offering(Safety.UNSAFE)) == "unsafe: the meaning may change; --unsafe applies it"
    assert held(offering(Safety.SHOWN)) == "shown only"
    assert held(offering(Safety.SHOWN, "too risky")) == "too risky"


# -- asking for each fix ---------------------------------------------------------------------------


class Asked(NamedTuple):
    """What came of a rewrite that asked, and what it asked: the pass, the line, the answer."""

    outcome: Outcome
    questions: list[tuple[str, int, bool]]


def ask(text: str, *refused: str, choice: Choice = ALL) -> Asked:
    """Rewrite a text, refusing the fixes of some passes, or at some lines: `pip-cache`, `7`."""
    questions: list[tuple[str, int, bool]] = []

    def accept(offer: Offer) -> bool:
        line = text.count("\n", 0, offer.offset) + 1
        pass_id = offer.finding.pass_id
        answer = pass_id not in refused and str(line) not in refused
        questions.append((pass_id, line, answer))
        return answer

    outcome = rewrite(text, choice, accept=accept)
    assert outcome.problem is None
    return Asked(outcome, questions)


def test_all_accepted_is_a_plain_rewrite() -> None:
    text = BASE + "ENV A=1\nENV B=2\n" + TWO
    asked = ask(text)
    assert asked.outcome.after == rewrite(text).after
    assert all(answer for _, _, answer in asked.questions)
    assert [pass_id for pass_id, _, _ in asked.questions].count("pip-cache") == 2


def test_all_refused_changes_nothing() -> None:
    text = BASE + "ENV A=1\nENV B=2\n" + TWO
    asked = ask(text, *IDS)
    assert asked.outcome == Outcome(text, text)
    assert len(set(asked.questions)) == len(asked.questions), "asked once each"


def test_some_refused() -> None:
    text = BASE + "RUN pip install a\nRUN pip install b\nRUN pip install c\n"
    asked = ask(text, "3", choice=CACHE)
    lines = [
        BASE,
        f"RUN pip install{FLAG} a\n",
        "RUN pip install b\n",
        f"RUN pip install{FLAG} c\n",
    ]
    assert asked.outcome.after == "".join(lines)
    assert [report.position.line for report in asked.outcome.reports] == [2, 4]
    assert [line for _, line, _ in asked.questions] == [2, 3, 4]


def test_it_asks_in_the_order_of_the_file() -> None:
    text = BASE + "RUN pip install a\nENV A=1\nENV B=2\nRUN pip install b\n"
    asked = ask(text, choice=Choice(frozenset(("split-env", "pip-cache"))))
    assert asked.questions == [
        ("pip-cache", 2, True),
        ("split-env", 3, True),
        ("pip-cache", 5, True),
    ]


def test_what_is_asked_for_is_what_is_made() -> None:
    text = "FROM python:3.6.5\nENV A=1\nENV B=2\n" + TWO
    now = text
    rounds: dict[str, list[Edit]] = {text: []}

    def accept(offer: Offer) -> bool:
        nonlocal now
        if offer.text != now:  # another round
            assert apply(now, rounds[now]) == offer.text
            now = offer.text
            rounds[now] = []
        assert offer.finding.fix is not None
        rounds[now].extend(offer.finding.fix.edits)
        return True

    outcome = rewrite(text, accept=accept)
    assert len(rounds) > 1
    assert apply(now, rounds[now]) == outcome.after == rewrite(text).after


def test_a_refused_upgrade_makes_the_settings_those_of_an_old_pip() -> None:
    text = "FROM python:3.6.5\nRUN pip install a\n"
    assert "no-cache-dir = True" in rewrite(text).after
    asked = ask(text, "old-pip")
    assert "--upgrade" not in asked.outcome.after
    assert "no-cache-dir = false" in asked.outcome.after
    ids = [pass_id for pass_id, _, _ in asked.questions]
    assert ids.index("old-pip") < ids.index("pip-conf")


def test_what_waits_for_a_refused_fix_goes_on() -> None:
    text = "FROM apache/airflow:2.10.2-python3.11\nRUN pip install a\n"
    assert "PIP_NO_CACHE_DIR=1" in rewrite(text).after
    assert FLAG not in rewrite(text).after
    asked = ask(text, "pip-conf")
    assert "PIP_NO_CACHE_DIR" not in asked.outcome.after
    assert f"pip install{FLAG} a" in asked.outcome.after


def test_a_fix_that_clashes_is_asked_for_when_the_other_is_refused() -> None:
    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        at = document.text.index("\nRUN") + 4
        if "RUN true" in document.text:
            for number, word in enumerate((" : &&", " echo &&")):
                fix = Fix(word.strip(), Safety.SAFE, (Edit(at, at, word),))
                if document.text.count("&&") == 0:
                    yield Finding("loud", Span(number, at), "it is quiet", fix)

    step = made("loud", find)
    choice = Choice(frozenset(("loud",)))
    text = BASE + "RUN true\n"
    for refused, after in ((0, " echo && true\n"), (1, " : && true\n")):
        seen: list[int] = []

        def accept(offer: Offer, seen: list[int] = seen, refused: int = refused) -> bool:
            seen.append(offer.offset)
            return offer.offset != refused

        outcome = rewrite(text, choice, (step,), accept)
        assert outcome.after == BASE + "RUN" + after
        assert seen == [0, 1][: 2 - refused], "the second is asked for where it can be made"


def test_looking_for_the_culprit_asks_nobody() -> None:
    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        if "-evil" not in document.text:
            at = document.text.index("\n")
            fix = Fix("do it", Safety.SAFE, (Edit(at, at, "-evil"),))
            yield Finding("evil", Span(0, at), "a fault", fix)

    step = made("evil", find)
    text = BASE + "RUN pip install a\n"
    asked: list[str] = []

    def accept(offer: Offer) -> bool:
        asked.append(offer.finding.pass_id)
        return True

    choice = Choice(frozenset(("evil", "pip-cache")))
    outcome = rewrite(text, choice, (*PASSES, step), accept)
    assert outcome.problem is not None
    assert outcome.problem.pass_id == "evil"
    assert outcome.after == text
    assert sorted(asked) == ["evil", "pip-cache"]


def test_what_is_held_back_is_not_asked_for() -> None:
    text = BASE + "RUN pip install --cache-dir=/c a\n# pipslim: ignore\nRUN pip install b\n"
    asked = ask(text, choice=CACHE)
    assert asked.questions == []
    assert len(asked.outcome.reports) == 1


# -- ignore comments -------------------------------------------------------------------------------


def ignored(text: str, choice: Choice = CACHE) -> tuple[int, list[str]]:
    """Give how many flags were added, and what is told of ignore comments."""
    outcome = rewrite(text, choice)
    assert outcome.problem is None
    count = outcome.after.count("--no-cache-dir")
    return count, [f"{position}: {reason}" for position, reason in outcome.unused]


TWO = "RUN pip install a\nRUN pip install b\n"
NOTHING = "ignore comment silences nothing; remove it"


@pytest.mark.parametrize(
    "comment",
    [
        "# pipslim: ignore",
        "#pipslim:ignore",
        "## pipslim:  ignore why not",
        "   # pipslim: ignore[pip-cache]",
        "# pipslim: ignore[pip-cache] because of the mirror",
        "# pipslim: ignore[ split-env , pip-cache ]",
        "# pipslim: ignore[pip-cache,]",
    ],
)
def test_comment_silences_the_next_instruction_alone(comment: str) -> None:
    assert ignored(f"{BASE}{comment}\n{TWO}") == (1, [])


def test_comment_reaches_over_blank_lines_and_comments() -> None:
    assert ignored(BASE + "# pipslim: ignore\n\n# the web\n\n" + TWO) == (1, [])


def test_two_comments_for_one_instruction() -> None:
    text = BASE + "# pipslim: ignore[pip-cache]\n# pipslim: ignore[split-env]\nENV A=1\n" + TWO
    assert len(ignored(text)[1]) >= 1
    text = BASE + "# pipslim: ignore[pip-cache]\n# pipslim: ignore\n" + TWO
    assert ignored(text) == (1, [f"3:1: {NOTHING}"])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comment_inside_a_continued_instruction(newline: str) -> None:
    text = BASE + "RUN a && \\\n    # pipslim: ignore[pip-cache]\n    pip install a\n" + TWO
    assert ignored(text.replace("\n", newline)) == (2, [])


def test_comment_in_a_heredoc_is_the_scripts() -> None:
    text = BASE + "RUN <<EOF\n# pipslim: ignore[pip-cache]\npip install a\nEOF\n"
    assert ignored(text) == (1, [])


@pytest.mark.parametrize(
    "comment", ["# pipslim ignore", "# PIPSLIM: ignore", "# see pipslim: ignore", "# pipslim: skip"]
)
def test_other_comments_silence_nothing(comment: str) -> None:
    assert ignored(f"{BASE}{comment}\n{TWO}") == (2, [])


def test_comment_before_from_silences_the_stage() -> None:
    text = f"# pipslim: ignore[pip-cache]\n{BASE}{TWO}{BASE}{TWO}"
    assert ignored(text) == (2, [])
    text = f"{BASE}{TWO}# pipslim: ignore[pip-cache] thrown away\n{BASE}{TWO}"
    assert ignored(text) == (2, [])


def test_comment_before_from_does_not_reach_the_stages_built_on_it() -> None:
    text = f"# pipslim: ignore[pip-cache]\nFROM python:3.12 AS a\n{TWO}FROM a\n{TWO}"
    assert ignored(text) == (2, [])


def test_comment_before_from_silences_what_is_found_at_the_stage() -> None:
    choice = Choice(frozenset(("pip-conf", "bytecode")))
    text = f"# pipslim: ignore[pip-conf]\n{BASE}{TWO}"
    outcome = rewrite(text, choice)
    assert {report.pass_id for report in outcome.reports} == {"bytecode"}
    assert outcome.unused == ()
    text = f"# pipslim: ignore\n{BASE}{TWO}"
    assert rewrite(text, choice) == Outcome(text, text)


@pytest.mark.parametrize(
    "comment", ["# pipslim: ignore-file", "# pipslim: ignore-file[pip-cache] reason"]
)
def test_comment_silences_the_file(comment: str) -> None:
    assert ignored(f"{comment}\n{BASE}{TWO}{BASE}{TWO}") == (0, [])
    directives = "# syntax=docker/dockerfile:1\n# escape=\\\n"
    assert ignored(f"{directives}{comment}\n{BASE}{TWO}") == (0, [])


def test_comment_for_one_pass_leaves_the_others() -> None:
    text = f"# pipslim: ignore-file[pip-cache]\n{BASE}ENV A=1\nENV B=2\n{TWO}"
    outcome = rewrite(text)
    assert "pip-cache" not in {report.pass_id for report in outcome.reports}
    assert {"pip-conf", "split-env", "bytecode"} == {r.pass_id for r in outcome.reports}
    assert outcome.unused == ()


def test_comment_silences_what_is_held_back() -> None:
    text = BASE + "# pipslim: ignore[pip-cache]\nRUN pip install --cache-dir=/c a\n"
    assert rewrite(text, CACHE) == Outcome(text, text)


def test_comment_that_silences_nothing_is_told() -> None:
    text = BASE + "# pipslim: ignore[pip-cache]\nRUN true\n"
    assert ignored(text) == (0, [f"2:1: {NOTHING}"])
    text = BASE + "  # pipslim: ignore[pip-cache]\nRUN pip install --no-cache-dir a\n"
    assert ignored(text) == (1, [f"2:3: {NOTHING}"])
    text = f"# pipslim: ignore-file[pip-cache]\n{BASE}"
    assert ignored(text) == (0, [f"1:1: {NOTHING}"])


def test_comment_behind_the_last_instruction_is_told() -> None:
    assert ignored(f"{BASE}{TWO}# pipslim: ignore\n") == (2, [f"4:1: {NOTHING}"])


def test_comment_that_names_no_pass_is_told() -> None:
    told = "2:1: ignore comment names no pass: pip-cash; see `pipslim rules`"
    assert ignored(f"{BASE}# pipslim: ignore[pip-cash]\n{TWO}") == (2, [told])
    assert ignored(f"{BASE}# pipslim: ignore[pip-cash, pip-cache]\n{TWO}") == (1, [told])


def test_comment_for_a_pass_that_did_not_run_is_not_told() -> None:
    text = BASE + "# pipslim: ignore[pip-cache]\nRUN pip install a\n"
    assert rewrite(text, Choice(frozenset(("split-env",)))).unused == ()


def test_comments_are_kept() -> None:
    text = BASE + "ENV A=1\n# pipslim: ignore[pip-cache] why\nRUN pip install a\n"
    outcome = rewrite(text)
    assert "\n# pipslim: ignore[pip-cache] why\nRUN pip install a\n" in outcome.after
    assert outcome.unused == ()
    assert rewrite(outcome.after).after == outcome.after


def test_comment_keeps_an_env_alone() -> None:
    text = BASE + "ENV A=1\n# pipslim: ignore[split-env] its own layer\nENV B=2\nENV C=3\n"
    outcome = rewrite(text, Choice(frozenset(("split-env",))))
    assert outcome.problem is None
    assert "\n# pipslim: ignore[split-env] its own layer\nENV B=2\n" in outcome.after
    assert outcome.unused == ()
