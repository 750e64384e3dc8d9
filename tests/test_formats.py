"""The output formats: what they say, that their readers take it, and that positions are exact.

`python tests/test_formats.py` writes the expected outputs under `fixtures/_formats` anew.
"""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as Xml

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from xmlschema import XMLSchema

import pipslim
from pipslim import cli, outputs, runner
from pipslim.files.disk import Unreachable
from pipslim.passes import IDS, PASSES
from pipslim.report import findings, formats
from pipslim.rewrite.engine import Outcome, Problem, Report
from pipslim.runner import FileOutcome
from pipslim.syntax import edits as own
from pipslim.syntax.edits import Edit
from pipslim.syntax.source import Position, decode, encode, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus import Corpus

ROOT = Path(__file__).parents[1]
EXPECTED = ROOT / "fixtures" / "_formats"
SCHEMAS = Path(__file__).parent / "schemas"
MACHINES = [each for each in formats.FORMATS if each != formats.TEXT]
OWN_SCHEMA = json.loads((ROOT / "pipslim/report/fix.schema.json").read_bytes())


def strict(schema: Any) -> Any:
    """Give a schema that knows every field: readers must bear new ones, the writer must not err."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(each) for name, each in schema.items()}
    if made.get("type") == "object" and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made


STRICT = Draft202012Validator(strict(OWN_SCHEMA))
SARIF = Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_bytes()))

# What a tree may hold: each file with something that a format gets wrong easily.
TREE = {
    "app/Dockerfile": (
        b"FROM python:3.12-slim\nENV A=1\nENV B=2\n\n# pipslim: ignore[split-env]\n"
        b"RUN pip install flask && pip install gunicorn\n# pipslim: ignore[pip-cash]\nCMD a\n"
    ),
    "bom-crlf/Dockerfile": (
        "\ufeff# 💾 ünï\r\nFROM python:3.12-slim\r\nENV A='💾' \r\nENV B=2\r\n"
        "RUN echo '💾💾' && pip install flask\r\n"
    ).encode(),
    "broken/Dockerfile": b"FROM scratch\nCOPYY a /\n",
    "clean/Dockerfile": b"FROM scratch\nCOPY a /\n",
    "latin-1/Dockerfile": (
        b"FROM python:3.12-slim\nENV A=1\n# caf\xe9\nENV B=2\nRUN echo '\xe9'; pip install flask\n"
    ),
    "own conf, 100%/é.Dockerfile": (
        b"FROM python:3.12-slim\nCOPY pip.conf /etc/pip.conf\nRUN pip install flask\n"
    ),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: the tree."""
    monkeypatch.chdir(tmp_path)
    plant(tmp_path)
    return tmp_path


def plant(folder: Path) -> None:
    """Write the tree into a folder."""
    for name, content in TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def run(*argv: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run `pipslim fix`; give the exit code and what it printed."""
    out, err = io.BytesIO(), io.StringIO()
    code = cli.main(["fix", *argv], cli.Streams(io.BytesIO(stdin), out, err))
    return code, decode(out.getvalue()), err.getvalue()


def told(name: str, *argv: str) -> str:
    """Give what a run says in a format."""
    return run("--output-format", name, *argv)[1]


def parsed(name: str, *argv: str) -> Any:
    """Give what a run says in a format of JSON."""
    return json.loads(told(name, *argv))


def results_of(log: Any) -> list[Any]:
    """Give the results of a SARIF log."""
    (run,) = log["runs"]
    return list(run["results"])


# -- what is said ----------------------------------------------------------------------------------


def golden(name: str, text: str) -> str:
    """Give an output as it is expected: without the version, and what another pass would change."""
    text = text.replace(f'"{pipslim.__version__}"', '"VERSION"')
    if name not in ("json", "sarif"):
        return text
    told = json.loads(text)
    if name == "json":
        counts = told["totals"]["passes"]
        told["totals"]["passes"] = {
            each: counts[each] for each in counts if any(counts[each].values())
        }
    else:
        (run,) = told["runs"]
        run["tool"]["driver"] |= {"rules": [], "notifications": []}
        for each in run["results"]:
            del each["ruleIndex"]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", formats.FORMATS)
def test_output_is_the_expected_one(name: str) -> None:
    expected = (EXPECTED / name).read_bytes()
    out = io.BytesIO()
    cli.main(["fix", "--output-format", name], cli.Streams(io.BytesIO(), out, io.StringIO()))
    found = out.getvalue()
    if name == formats.TEXT:
        assert found == expected
    else:
        assert golden(name, found.decode()) == expected.decode()


@pytest.mark.parametrize("name", MACHINES)
def test_output_file_has_what_standard_output_would(folder: Path, name: str) -> None:
    code, out, err = run("--output-format", name)
    argv = ("--output-format", name, "--output-file", "out put")
    assert run(*argv) == (code, "", err)
    assert (folder / "out put").read_text("utf-8") == out
    assert run(*argv) == (code, "", err), "one that is there is replaced"
    assert (folder / "out put").read_text("utf-8") == out
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["out put"]


def test_output_file_takes_the_diff_of_text(folder: Path) -> None:
    out = io.BytesIO()
    cli.main(["fix", "app"], cli.Streams(io.BytesIO(), out, io.StringIO()))
    assert run("app", "--output-file=a.patch")[1] == ""
    assert (folder / "a.patch").read_bytes() == out.getvalue() != b""
    assert run("app", "--write", "--output-file=b.patch")[:2] == (cli.OK, "")
    assert (folder / "b.patch").read_bytes() == out.getvalue()


def test_a_dash_as_output_file_is_standard_output(folder: Path) -> None:
    assert run("app", "--output-format=json", "--output-file=-") == run(
        "app", "--output-format=json"
    )
    assert not (folder / "-").exists()


def test_standard_input_in_a_format(folder: Path) -> None:
    stdin = TREE["app/Dockerfile"]
    code, out, err = run(
        "-", "--stdin-filename=app/Dockerfile", "--output-format=json", stdin=stdin
    )
    assert (code, err) == (cli.OK, "")
    assert json.loads(out)["files"] == parsed("json", "app/Dockerfile")["files"]
    out = run("-", "--write", "--output-format=json", stdin=stdin)[1]
    assert json.loads(out)["written"] is False
    for more in ([], ["--no-diff"]):
        argv = ("-", "--output-file=new", *more)
        assert run(*argv, stdin=b"FROM scratch\n") == (cli.OK, "", "")
        assert (folder / "new").read_bytes() == b"FROM scratch\n"
        (folder / "new").unlink()


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_found_is_said_in_the_format(folder: Path, name: str) -> None:
    (folder / "empty").mkdir()
    code, out, err = run("empty", "--output-format", name)
    assert (code, err) == (cli.OK, "no Dockerfiles found\n")
    check(name, out)
    assert out == formats.build(name, [], written=False)


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--output-format=sarf"], "unknown output format 'sarf', did you mean 'sarif'?; formats:"),
        (["--output-format=x"], "unknown output format 'x'; formats: text, json, sarif, "),
        (["--output-format=json", "--diff"], "--diff is for text, not for json; leave it out"),
        (["--output-file=a", "--no-diff"], "--no-diff leaves nothing to write to --output-file"),
        (["--output-file=no/such"], "no/such: cannot be written: there is no folder no"),
        (["--output-file=app"], "app: cannot be written: not a regular file"),
    ],
)
def test_usage_errors(folder: Path, argv: list[str], error: str) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, out, err = run("--write", *argv)
    assert (code, out) == (cli.USAGE, "")
    assert err.startswith(f"pipslim: {error}")
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_diff_goes_with_every_format() -> None:
    assert told("json", "--no-diff") == told("json")


@pytest.mark.parametrize("name", formats.FORMATS)
@pytest.mark.parametrize(
    "argv", [["."], ["--check"], ["--check", "app"], ["--check", "clean"], ["app", "-q"]]
)
def test_exit_code_and_standard_error_are_the_same_in_every_format(
    name: str, argv: list[str]
) -> None:
    code, _, err = run(*argv)
    found = run(*argv, "--output-format", name)
    assert (found[0], found[2]) == (code, err)


@pytest.mark.parametrize("name", formats.FORMATS)
def test_failed_proof_is_told_in_every_format(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str, choice: object, folder: object) -> Outcome:
        return Outcome(text, text, problem=Problem(Position(2, 3), "the proof failed", "pip-cache"))

    monkeypatch.setattr(runner, "rewrite", fail)
    code, out, err = run("app", "--output-format", name)
    assert code == cli.FAILED
    assert re.match(r"app.Dockerfile:2:3: pip-cache: the proof failed\n", err)
    assert "pip-cache: the proof failed" in out or name == formats.TEXT


@pytest.mark.parametrize("name", formats.FORMATS)
def test_output_file_that_cannot_be_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str, data: bytes) -> None:
        raise Unreachable(f"{path}: cannot be written: disk full")

    monkeypatch.setattr(outputs, "save", fail)
    code, out, err = run("app", "--quiet", "--output-format", name, "--output-file=out")
    assert (code, out) == (cli.USAGE, "")
    assert err == "pipslim: out: cannot be written: disk full\n"


# -- that their readers take it --------------------------------------------------------------------


def check(name: str, text: str) -> None:
    """Fail where a reader of the format would reject a text."""
    if name == "json":
        Draft202012Validator.check_schema(OWN_SCHEMA)
        Draft202012Validator(OWN_SCHEMA).validate(json.loads(text))
        STRICT.validate(json.loads(text))
    elif name == "sarif":
        SARIF.validate(json.loads(text))
    elif name == "junit":
        XMLSchema(SCHEMAS / "junit-4.xsd").validate(io.StringIO(text.partition("\n")[2]))
    elif name == "gitlab":
        for issue in json.loads(text):
            assert set(issue) == {
                "description",
                "check_name",
                "fingerprint",
                "severity",
                "location",
            }
            assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
            assert issue["location"]["lines"]["begin"] >= 1
            assert not issue["location"]["path"].startswith(("/", "./"))
    else:
        assert list(commands(text)) or not text


def outcomes() -> Iterator[FileOutcome]:
    """Give the outcome of each file of the tree, and those that a tree cannot show."""
    for name, content in TREE.items():
        yield FileOutcome(name, pipslim.rewrite(decode(content)))
    yield FileOutcome("gone/Dockerfile", None, "No such file or directory")
    text = "FROM a\nRUN pip install b\n"
    failed = Problem(Position(2, 5), "the proof failed: \x1b[1m, \ufffe", "pip-cache")
    yield FileOutcome("failed\x01/Dockerfile", Outcome(text, text, problem=failed))
    yield FileOutcome("a:b,c%d\udce9\n/Dockerfile", pipslim.rewrite(decode(TREE["app/Dockerfile"])))
    yield FileOutcome("not-utf-8", pipslim.rewrite("FROM a\nCOP\udce9 a b\n"))


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("name", MACHINES)
def test_output_is_valid(name: str, written: bool) -> None:
    text = formats.build(name, list(outcomes()), written=written)
    assert text.encode("utf-8").endswith(b"\n"), "valid UTF-8, whatever the file holds"
    check(name, text)


@pytest.mark.parametrize("name", MACHINES)
def test_errors_are_part_of_every_format(name: str) -> None:
    text = formats.build(name, list(outcomes()), written=False)
    assert "No such file or directory" in text
    assert "unknown instruction" in text
    assert "the proof failed" in text


def test_validators_are_not_blind() -> None:
    log = parsed("sarif")
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not SARIF.is_valid(log)
    found = parsed("json")
    found["files"][0]["new"] = 1
    assert Draft202012Validator(OWN_SCHEMA).is_valid(found), "a field may be added"
    assert not STRICT.is_valid(found)
    found = parsed("json")
    found["files"][0]["findings"][0]["held"] = "no"
    assert not Draft202012Validator(OWN_SCHEMA).is_valid(found)
    xml = told("junit").replace("testcase", "test-case")
    assert not XMLSchema(SCHEMAS / "junit-4.xsd").is_valid(io.StringIO(xml.partition("\n")[2]))


# -- JSON ------------------------------------------------------------------------------------------


def apply_bytes(data: bytes, edits: list[Any]) -> bytes:
    """Apply edits of the JSON format, by their bytes."""
    for edit in reversed(edits):
        low, high = edit["start"]["byte"], edit["end"]["byte"]
        data = data[:low] + edit["text"].encode() + data[high:]
    return data


def test_json_edits_make_the_file_that_write_makes(folder: Path) -> None:
    files = parsed("json")["files"]
    assert [each["path"] for each in files] == sorted(TREE)
    assert run("--write")[0] == cli.UNREAD
    for each in files:
        after = (folder / each["path"]).read_bytes()
        assert apply_bytes(TREE[each["path"]], each["edits"]) == after
        assert each["changed"] == (after != TREE[each["path"]]) == (each["diff"] != "")
        assert (each["diff"] is None) == each["path"].startswith("latin-1"), "no JSON holds it"


def of_bytes() -> FileOutcome:
    """Give the outcome of a file whose fix moves a byte that is not UTF-8."""
    edits = (Edit(7, 7, "# \udce9\n"),)
    report = Report("split-env", 0, 6, Position(1, 1), "m", "a fix", "", edits)
    text = "FROM a\nRUN b\n"
    return FileOutcome("a", Outcome(text, own.apply(text, edits), edits, (report,)))


def test_json_has_null_for_edits_that_it_cannot_carry() -> None:
    text = formats.build("json", [of_bytes()], written=False)
    check("json", text)
    (file,) = json.loads(text)["files"]
    assert file["changed"]
    assert file["edits"] is file["diff"] is file["findings"][0]["edits"] is None


def test_json_places_are_those_of_the_file() -> None:
    for each in parsed("json")["files"]:
        data = TREE[each["path"]]
        for finding in each["findings"]:
            for place in (finding["start"], finding["end"]):
                lines = data[: place["byte"]].split(b"\n")
                assert place["line"] == len(lines)
                column = len(decode(lines[-1]).removeprefix("\ufeff")) + 1
                assert place["column"] == column


def test_json_counts_each_pass() -> None:
    found = parsed("json")
    totals = found["totals"]
    assert tuple(totals["passes"]) == IDS
    every = [finding for each in found["files"] for finding in each["findings"]]
    for pass_id, count in totals["passes"].items():
        mine = [each for each in every if each["pass"] == pass_id]
        assert count["fixes"] == sum(each["fix"] is not None for each in mine)
        assert count["held"] == sum(each["held"] is not None for each in mine)
    assert totals["files"] == len(TREE)
    assert (totals["unread"], totals["failed"]) == (1, 0)
    assert totals["unused_ignores"] == 2
    (error,) = found["errors"]
    assert (error["path"], error["line"], error["column"]) == ("broken/Dockerfile", 2, 1)


def test_json_says_what_was_written() -> None:
    dry = parsed("json")
    wet = parsed("json", "--write")
    assert (dry.pop("written"), wet.pop("written")) == (False, True)
    assert dry == wet, "it tells the change, from the file as it was"


# -- SARIF -----------------------------------------------------------------------------------------


def apply_sarif(data: bytes, replacements: list[Any]) -> bytes:
    """Apply the replacements of a SARIF fix, by the words of the standard alone."""
    text = data.decode("utf-8", "surrogateescape")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).split("\n")

    def at(line: int, column: int) -> int:
        assert 1 <= column <= len(lines[line - 1]) + 1
        return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1

    text = "\n".join(lines)
    for each in reversed(replacements):
        region = each["deletedRegion"]
        low = at(region["startLine"], region["startColumn"])
        high = at(region["endLine"], region["endColumn"])
        assert low <= high
        text = text[:low] + each.get("insertedContent", {}).get("text", "") + text[high:]
    return (mark + text).encode("utf-8", "surrogateescape")


def assert_fixes_are_exact(path: str, data: bytes) -> int:
    """Compare each SARIF fix with the edits that it was made from; give how many there were."""
    outcome = pipslim.rewrite(decode(data))
    (run,) = json.loads(formats.build("sarif", [FileOutcome(path, outcome)], written=False))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    fixes = [fix for each in run["results"] for fix in each.get("fixes", ())]
    found = []
    for fix in fixes:
        (change,) = fix["artifactChanges"]
        found.append(apply_sarif(data, change["replacements"]))
    alone = [report.edits for report in outcome.reports if report.edits]
    expected = [encode(own.apply(outcome.before, edits)) for edits in alone]
    assert sorted(found) == sorted(expected)
    return len(found)


@pytest.mark.parametrize("path", TREE)
def test_sarif_fixes_are_exact(path: str) -> None:
    count = assert_fixes_are_exact(path, TREE[path])
    assert bool(count) == (path not in ("broken/Dockerfile", "clean/Dockerfile"))


def test_sarif_fixes_of_all_cases_are_exact() -> None:
    count = 0
    for path in sorted((ROOT / "fixtures").glob("*/*/before.Dockerfile")):
        count += assert_fixes_are_exact("Dockerfile", path.read_bytes())
    assert count > 300


def test_sarif_leaves_a_fix_out_that_it_cannot_carry() -> None:
    text = formats.build("sarif", [of_bytes()], written=False)
    check("sarif", text)
    (found,) = results_of(json.loads(text))
    assert "fixes" not in found
    assert found["message"]["text"] == "m; a fix"


def test_sarif_columns_count_characters_behind_the_byte_order_mark() -> None:
    found = results_of(parsed("sarif", "bom-crlf"))
    regions = {each["ruleId"]: each["locations"][0]["physicalLocation"]["region"] for each in found}
    line = "RUN echo '💾💾' && pip install flask"
    start = line.index("pip") + 1
    assert regions["pip-cache"] == {
        "startLine": 5, "startColumn": start, "endLine": 5, "endColumn": start + len("pip install"),
        "snippet": {"text": "pip install"},
    }  # fmt: skip
    data = "\ufeffFROM python:3.12-slim\nRUN pip install flask\n".encode()
    _, out, _ = run("-", "--output-format=sarif", stdin=data)
    first = results_of(json.loads(out))[0]["locations"][0]["physicalLocation"]["region"]
    del first["snippet"]
    assert first == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 22}


def test_sarif_rules_are_the_passes() -> None:
    (run,) = parsed("sarif")["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == [*IDS, findings.UNUSED]
    for rule, step in zip(rules, PASSES, strict=False):
        for text in (step.about.why, step.about.price, step.about.before, step.about.after):
            assert text in rule["help"]["text"]
            assert text in rule["help"]["markdown"]
    for each in run["results"]:
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]


def test_sarif_levels() -> None:
    log = parsed("sarif")
    levels = {(each["ruleId"], each["level"]) for each in results_of(log)}
    assert ("pip-cache", "warning") in levels
    assert ("pip-conf", "note") in levels, "held back"
    assert (findings.UNUSED, "note") in levels
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    (error,) = invocation["toolExecutionNotifications"]
    assert error["level"] == "error"
    assert error["descriptor"] == {"id": "unparsable"}
    held = next(each for each in results_of(log) if (each["level"]) == "note")
    assert "; " in held["message"]["text"], "the reason is told"
    fine = parsed("sarif", "app")["runs"][0]["invocations"][0]
    assert fine == {"executionSuccessful": True, "toolExecutionNotifications": []}


@pytest.mark.parametrize(
    "path", ["a b/Dockerfile", "a:b", "100%", "é/💾", "\udce9", "#?&;", "~-._"]
)
def test_sarif_uri_keeps_every_byte_of_a_path(path: str) -> None:
    outcome = pipslim.rewrite("FROM a\nRUN pip install b\n")
    log = json.loads(formats.build("sarif", [FileOutcome(path, outcome)], written=False))
    artifact = results_of(log)[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert re.fullmatch(r"([\w.~/-]|%[0-9A-F]{2})+", artifact["uri"], re.ASCII)
    assert unquote_to_bytes(artifact["uri"]) == encode(path)
    assert artifact["uriBaseId"] in log["runs"][0]["originalUriBaseIds"]


# -- where it is told of files that were written ---------------------------------------------------


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit"])
def test_after_write_what_is_left_is_told_as_a_second_run_tells_it(name: str) -> None:
    first = told(name, "--write")
    assert first == told(name)
    assert first != told(name, "app")


def test_left_findings_stand_where_a_second_run_finds_them() -> None:
    """Over all cases: an offset of the old text, carried to the new one, is that of the new run."""
    moved = 0
    for path in sorted((ROOT / "fixtures").glob("*/*/before.Dockerfile")):
        outcome = pipslim.rewrite(decode(path.read_bytes()))
        again = pipslim.rewrite(outcome.after)
        if outcome.changed and not again.changed:
            moved += assert_same_is_left(outcome, again)
    assert moved > 10


def assert_same_is_left(outcome: Outcome, again: Outcome) -> int:
    """Compare what is left of a file with what a run over its new text finds; give how much."""
    left = findings.entries(FileOutcome("a", outcome), written=True)
    new = findings.entries(FileOutcome("a", again), written=False)
    assert [(each.start, each.rule, each.told, each.text) for each in left] == [
        (each.start, each.rule, each.told, each.text) for each in new
    ]
    return len(left)


@pytest.mark.corpus
def test_real_files(corpus: Corpus) -> None:
    """Fixes are exact, what is left stays in place, fingerprints are unique, outputs are valid."""
    results: list[FileOutcome] = []
    fixes = moved = 0
    for path in corpus.pip[::10]:
        data = path.read_bytes()
        outcome = pipslim.rewrite(decode(data))
        results.append(FileOutcome(path.relative_to(path.parents[2]).as_posix(), outcome))
        if outcome.problem is None:
            fixes += assert_fixes_are_exact("a", data)
            moved += assert_same_is_left(outcome, pipslim.rewrite(outcome.after))
    assert fixes > 1000
    assert moved > 50
    for name in MACHINES:
        few = results[:: 20 if name in ("json", "sarif") else 1]  # which are slow to validate
        check(name, formats.build(name, few, written=False))
    issues = json.loads(formats.build("gitlab", results, written=False))
    assert len({each["fingerprint"] for each in issues}) == len(issues)


@pytest.mark.parametrize(
    ("offset", "start", "end"), [(0, 0, 0), (2, 5, 2), (3, 6, 6), (5, 8, 8), (6, 9, 9), (8, 9, 9)]
)
def test_forward(offset: int, start: int, end: int) -> None:
    # "ab" + "cdef" + "gh" + "i": XYZ comes in behind ab, g becomes one, h goes
    edits = (Edit(2, 2, "XYZ"), Edit(6, 8, ""))
    assert own.apply("abcdefghi", edits) == "abXYZcdefi"
    assert findings.forward(offset, edits) == start
    assert findings.forward(offset, edits, behind=True) == end


# -- fingerprints ----------------------------------------------------------------------------------


def prints(text: str) -> list[str]:
    told = findings.entries(FileOutcome("Dockerfile", pipslim.rewrite(text)), written=False)
    return [each.fingerprint for each in told]


def test_fingerprints_stay_when_lines_move_and_are_unique() -> None:
    text = "FROM python:3.12\nRUN pip install a\nRUN pip install a && pip install a\nENV A=1\n"
    found = prints(text)
    assert len(found) == len(set(found)) > 4
    assert prints("# a comment\n\n" + text) == found
    every = [each["fingerprint"] for each in parsed("gitlab")]
    assert len(every) == len(set(every)) > 10
    log = results_of(parsed("sarif"))
    assert {each["partialFingerprints"]["pipslim/v1"] for each in log} < set(every)


# -- GitHub ----------------------------------------------------------------------------------------


def commands(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Read workflow commands as the runner does."""
    for line in text.splitlines():
        match = re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line)
        assert match is not None, line
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            properties = {name: value.replace(code, char) for name, value in properties.items()}
        data = match[3].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        yield match[1], properties, data


def test_github_escapes_what_would_end_a_command_or_a_property() -> None:
    path = "a:b,c%d::e\n\r/Dockerfile"
    outcome = pipslim.rewrite("FROM a\nCOPYY ::error::%0A a\n")
    text = formats.build("github", [FileOutcome(path, outcome)], written=False)
    ((command, properties, data),) = commands(text)
    assert command == "error"
    assert properties["file"] == path
    assert (properties["line"], properties["col"]) == ("2", "1")
    assert outcome.problem is not None
    assert data == outcome.problem.reason


def test_github_tells_columns_within_one_line_only() -> None:
    for command, properties, _ in commands(told("github")):
        assert command == "error" or "line" in properties
        assert ("col" in properties) == (properties["line"] == properties["endLine"])
    multi = [each for _, each, _ in commands(told("github", "app")) if "col" not in each]
    assert [(each["line"], each["endLine"]) for each in multi] == [("2", "3")]


# -- JUnit -----------------------------------------------------------------------------------------


def test_junit_fails_where_check_does() -> None:
    suite = Xml.fromstring(told("junit"))[0]
    assert suite.attrib["tests"] == str(len(TREE))
    failed = [case.attrib["name"] for case in suite if case.find("failure") is not None]
    errors = [case.attrib["name"] for case in suite if case.find("error") is not None]
    assert errors == ["broken/Dockerfile"]
    assert failed == [each for each in sorted(TREE) if run("--check", each)[0] == cli.WOULD_CHANGE]
    assert suite.attrib["failures"] == str(len(failed))
    assert suite.attrib["errors"] == "1"
    held = next(case for case in suite if case.attrib["name"].startswith("own conf"))
    assert "add the keys there" in held.findtext("system-out", "")


# -- entries ---------------------------------------------------------------------------------------


def test_offset_is_the_way_back_from_a_position() -> None:
    for text in ("", "a", "a\nbc\r\n💾d", "\ufeffa\nb", "\ufeff\nb"):
        for at in range(len(text) + 1):
            if at == 0 and text.startswith("\ufeff"):
                continue  # the mark has no place of its own
            back = findings.offset(text, position(text, at))
            assert back == at or (text.startswith("\ufeff") and at == 1), (text, at)


@pytest.mark.skipif(os.name == "nt", reason="a link may not be made")
def test_a_file_that_cannot_be_read(folder: Path) -> None:
    (folder / "gone.Dockerfile").symlink_to("nowhere")
    code, out, err = run("gone.Dockerfile", "app", "--output-format=json")
    assert code == cli.UNREAD
    assert err.startswith("gone.Dockerfile: ")
    found = json.loads(out)
    (error,) = found["errors"]
    assert (error["path"], error["kind"], error["line"]) == ("gone.Dockerfile", "unreachable", None)
    assert error["message"] == "No such file or directory"
    assert found["totals"]["unread"] == 1
    assert [each["changed"] for each in found["files"]] == [False, True]


def test_report_with_an_empty_range_stands_at_its_place() -> None:
    report = Report("pip-cache", 7, 7, Position(2, 1), "m", "", "because")
    outcome = Outcome("FROM a\nRUN b\n", "FROM a\nRUN b\n", reports=(report,))
    (entry,) = findings.entries(FileOutcome("a", outcome), written=False)
    assert (entry.start, entry.end, entry.told) == ((2, 1), (2, 1), "m; because")
    assert entry.text == ""


def refresh() -> None:
    """Write the expected outputs anew."""
    import tempfile

    EXPECTED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        plant(Path(name))
        for each in formats.FORMATS:
            out = io.BytesIO()
            streams = cli.Streams(io.BytesIO(), out, io.StringIO())
            cli.main(["fix", "--output-format", each], streams)
            data = out.getvalue()
            if each != formats.TEXT:
                data = golden(each, data.decode()).encode()
            (EXPECTED / each).write_bytes(data)
        os.chdir(ROOT)


if __name__ == "__main__":
    refresh()
