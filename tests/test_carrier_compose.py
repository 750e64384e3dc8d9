"""Dockerfiles inside compose files: cases, laws for any text, and the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hosts import Case, blind, cases, check
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from test_cli import put, run
from test_properties import moderate, plausible

from pipslim import Choice, cli, decode, rewrite
from pipslim.carriers import BY_KIND, CARRIERS
from pipslim.carriers.carried import carried
from pipslim.facts.options import KEEP, MOUNT, NONE, Options
from pipslim.files.names import HOST_SIGNS, host

# what YAML does not take in a literal, or takes for the end of a line
_ODD = re.compile("[^\\n\\r\\t -~\u00a0-\u2027\u2030-\ud7ff\ue000-\ufefe]")
MOUNTED = "--mount=type=cache,target=/root/.cache/pip"
few = settings(moderate, max_examples=40)  # reading YAML takes its time
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from corpus import Corpus

    from pipslim.rewrite.engine import Offer

CASES = cases("compose")
PARTS = BY_KIND["compose"].parts
INLINE = b"""services:
  web:
    build:
      dockerfile_inline: |
        FROM python:3.12-slim
        RUN pip install flask
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_case(case: Case) -> None:
    check(case)


def loaded(text: str) -> object:
    """Load YAML, each inline Dockerfile replaced by its kind: the rest must stay equal."""
    return [blind(each, "dockerfile_inline") for each in YAML(typ="safe", pure=True).load_all(text)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_all_other_data_stays(case: Case) -> None:
    if case.before == case.after:
        assert case.rewritten(case.before).edits == ()
    else:
        assert loaded(case.before.removeprefix("\ufeff")) == loaded(
            case.after.removeprefix("\ufeff")
        )


def literal(text: str, indent: int, header: str, newline: str) -> str:
    """Give a compose file with a text as a literal block."""
    blanks = " " * (4 + indent)
    body = "".join([f"{blanks}{line}\n" if line else "\n" for line in text.split("\n")])
    ahead = (
        f"a: [1]  # x\nservices:\n  x:\n    build:\n      k: v\n      dockerfile_inline: {header}\n"
    )
    return (ahead + body + "    image: y\nlast: '1'\n").replace("\n", newline)


@given(
    plausible(),
    st.integers(3, 9),
    st.sampled_from(["|", "|-", "|+", "| # note", "&a |", "!!str |"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([KEEP, MOUNT, NONE]),
)
@few
@example("FROM python:3.12\nRUN pip install $A \\\n\n  b", 4, "|", "\n", KEEP)
@example("FROM python:3.12\nRUN <<E\nrm -rf ~/.cache/pip && pip install a\nE", 4, "|", "\n", KEEP)
@example("FROM python:3.12\nENV A b\n# c\nENV B=1\nRUN pip install a", 4, "|", "\n", KEEP)
@example(f"FROM python:3.12\nRUN {MOUNTED} \\\npip install a", 4, "|", "\n", NONE)
def test_a_literal_says_what_the_engine_gives(
    text: str, indent: int, header: str, newline: str, cache: str
) -> None:
    choice = Choice(options=Options(cache=cache))
    text = text.replace("\r\n", "\n").strip("\n")
    before = literal(text.replace("$", "$$"), indent, header, newline)
    (part,) = PARTS(before)
    ending = part.text[len(text) :]
    assert part.text == text + ending
    assert not ending.strip("\n")
    for at, char in enumerate(part.text):
        there = before[part.starts[at] : part.ends[at]]
        assert there == {"$": "$$", "\n": newline}.get(char, char)
    outcome = carried(before, PARTS, choice)
    plain = rewrite(part.text, choice)
    if plain.problem is not None:
        assert outcome.problem is not None
        assert outcome.problem.reason == plain.problem.reason
        assert outcome.after == before
        return
    assert outcome.problem is None
    assert [each.text for each in PARTS(outcome.after)] == [plain.after]
    assert loaded(outcome.after) == loaded(before)
    at = before.index("FROM")
    assert outcome.after[: at - 8] == before[: at - 8]
    tail = f"    image: y{newline}last: '1'{newline}"
    assert outcome.after.endswith(tail)
    assert len(outcome.reports) == len(plain.reports)


@given(st.text(alphabet=" \n:|>-&*!#'\"$a{}[],\tx", max_size=60))
@few
def test_any_text_is_read_or_refused(text: str) -> None:
    whole = f"x:\n  dockerfile_inline: {text}"
    outcome = carried(whole, PARTS, Choice())
    assert outcome.after == whole or outcome.changed
    assert outcome.problem is None or not outcome.problem.pass_id


@given(plausible(), st.integers(0, 500), st.integers(1, 9))
@few
def test_a_variable_is_never_touched(text: str, place: int, length: int) -> None:
    text = text.replace("\r\n", "\n").replace("$", "").strip("\n")
    at = place % (len(text) + 1)
    text = f"{text[:at]}${{{'V' * length}:-x}}{text[at:]}"
    before = literal(text, 4, "|", "\n")
    outcome = carried(before, PARTS, Choice())
    assert outcome.problem is None or not outcome.problem.pass_id
    assert loaded(outcome.after) == loaded(before)
    for edit in outcome.edits:
        assert edit.start == edit.end, "words are put in, nothing else"
        assert edit.text.strip(' ,"') in ("--no-cache-dir", "--no-cache", "- --no-cache-dir")


@pytest.mark.corpus
def test_real_files_say_inside_what_they_say_alone(
    corpus: Corpus, tell: Callable[[str], None]
) -> None:
    texts = [decode(path.read_bytes()) for path in corpus.pip[::25]]
    plain = [text for text in texts if text.isprintable() or not _ODD.search(text)]
    same = 0
    for text in plain:
        text = text.replace("\r\n", "\n").strip("\n") + "\n"
        outcome = carried(literal(text.replace("$", "$$"), 4, "|2", "\n"), PARTS, Choice())
        alone = rewrite(text)
        if alone.problem is None:
            assert outcome.problem is None
            assert [part.text.rstrip("\n") for part in PARTS(outcome.after)] == [
                alone.after.rstrip("\n")
            ]
            same += 1
    tell(f"compose: {same} real files inside a host, all as alone")
    assert same > len(texts) * 0.9


def test_each_fix_is_asked_for_once_at_its_place_in_the_host() -> None:
    text = next(case for case in CASES if case.folder.name == "variable").before
    asked: list[tuple[str, int]] = []

    def accept(offer: Offer) -> bool:
        asked.append((offer.finding.pass_id, offer.offset))
        return len(asked) == 1

    outcome = carried(text, PARTS, Choice(), accept)
    first, second = (text.index(f"pip install {word}") for word in ("flask", "${MORE}"))
    assert asked == [("pip-cache", first), ("pip-cache", second)]
    assert outcome.after == text.replace("install flask", "install --no-cache-dir flask")
    assert carried(text, PARTS, Choice(), lambda _: False).after == text


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_kinds_are_the_same_everywhere() -> None:
    assert list(BY_KIND) == list(HOST_SIGNS) == [each.kind for each in CARRIERS]
    assert {host(name) for name in ("compose.yaml", "docker-compose.prod.yml")} == {"compose"}
    assert not host("values.yaml")
    assert not host("mycompose.yaml")


@pytest.mark.usefixtures("folder")
def test_compose_files_are_found_and_written() -> None:
    path = put("deploy/docker-compose.dev.yml", INLINE)
    put("compose.yaml", b"services: {}\n")
    put("values.yaml", INLINE)
    code, out, err = run("fix")
    assert code == cli.OK
    assert b"+++ b/deploy/docker-compose.dev.yml" in out
    assert b"+        RUN pip install --no-cache-dir flask" in out
    assert err.startswith("1 file read, 1 would change\n")
    assert run("fix", "--check").code == cli.WOULD_CHANGE
    assert run("fix", "--write").code == cli.OK
    assert b"pip install --no-cache-dir flask" in path.read_bytes()
    assert run("fix", "--check").code == cli.OK


@pytest.mark.usefixtures("folder")
def test_carriers_are_chosen_by_option_and_setting() -> None:
    put("compose.yaml", INLINE)
    nothing = run("fix", "--carriers", "none")
    assert (nothing.out, nothing.err) == (b"", "no Dockerfiles found\n")
    assert run("fix", "--carriers", "compose").out == run("fix").out != b""
    put("pipslim.toml", b"carriers = []\n")
    assert run("fix").out == b""
    assert run("fix", "--carriers=compose").out != b""
    assert run("fix", "compose.yaml").out != b"", "it is named"
    bad = run("fix", "--carriers", "composed")
    assert bad.code == cli.USAGE
    assert bad.err.startswith("pipslim: unknown carrier 'composed', did you mean 'compose'?; ")
    put("pipslim.toml", b'carriers = ["compos"]\n')
    assert run("fix").err.startswith("pipslim.toml:1:13: unknown carrier 'compos', did you mean")


@pytest.mark.usefixtures("folder")
def test_a_host_that_cannot_be_read_is_told_with_its_place() -> None:
    put("compose.yaml", INLINE.replace(b"RUN", b"RAN"))
    put("Dockerfile", b"FROM python:3.12\nRUN pip install --no-cache-dir flask\n")
    code, _, err = run("fix", "--write", "--select", "pip-cache")
    assert code == cli.UNREAD
    assert err.startswith("compose.yaml:6:9: unknown instruction 'RAN'")
    assert "2 files read" in err


@pytest.mark.usefixtures("folder")
def test_json_tells_the_kind_and_exact_edits() -> None:
    put("compose.yaml", INLINE)
    told = json.loads(run("fix", "--output-format=json", "--select=pip-cache").out)
    (file,) = told["files"]
    assert file["kind"] == "compose"
    (finding,) = file["findings"]
    assert finding["start"] == {"line": 6, "column": 13, "byte": INLINE.index(b"pip install")}
    (edit,) = finding["edits"]
    at = edit["start"]["byte"]
    assert INLINE[:at].endswith(b"pip install")
    assert edit["text"] == " --no-cache-dir"


@pytest.mark.usefixtures("folder")
def test_standard_input_by_its_name() -> None:
    ran = run("fix", "-", "--stdin-filename", "x/compose.yaml", stdin=INLINE)
    assert b"pip install --no-cache-dir flask" in ran.out
    assert ran.out.startswith(b"services:\n")
    assert run("fix", "-", stdin=b"FROM python:3.12\n").out == b"FROM python:3.12\n"


@pytest.mark.usefixtures("folder")
def test_what_others_hold_is_not_measured() -> None:
    put("compose.yaml", INLINE)
    put("Dockerfile", b"FROM python:3.12\n")
    code, out, _ = run("measure", "--estimate")
    assert code == cli.OK
    assert out.splitlines()[0] == b"Dockerfile"
    assert b"compose" not in out
