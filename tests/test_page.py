"""The review page without a browser: what is written, what it holds, that nothing in it can act."""

from __future__ import annotations

import html.parser
import io
import json
import os
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipslim import cli, rewrite
from pipslim.passes import IDS
from pipslim.report.diff import unified
from pipslim.report.page import shown
from pipslim.report.review_data import STATES, file_data
from pipslim.report.review_page import review_page
from pipslim.report.rows import blocks, kinds
from pipslim.runner import FileOutcome
from pipslim.syntax.edits import Edit, apply
from pipslim.syntax.source import decode

if TYPE_CHECKING:
    from pipslim import Outcome

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"
BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\n"
BROKEN = b"FROM scratch\nCOPYY a /\n"
CLEAN = b"FROM scratch\nCOPY a /\n"
NASTY = (
    b"FROM python:3.12\n"
    b"# <script>alert(1)</script> <!-- ]]> </noscript> </style> &lt;\n"
    b"# \xe2\x80\xa8 \xe2\x80\xae \xe2\x80\x8b \x00 \xff\xfe \xc2\xa0 \xef\xbb\xbf \x1b[31m\n"
    b"LABEL a=\"</script><img src=x onerror=alert(2)>\" b='\\u003c'\n"
    b'RUN pip install "<b>flask</b>" \xf0\x9f\x98\x80 caf\xc3\xa9 \xff\n'
)


class Ran(NamedTuple):
    """How a run ended: its exit code, and what it printed on either stream."""

    code: int
    out: bytes
    err: str


def run(*argv: str, stdin: bytes = b"") -> Ran:
    """Run the command line with streams of its own."""
    out, err = io.BytesIO(), io.StringIO()
    code = cli.main([*argv], cli.Streams(io.BytesIO(stdin), out, err))
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: str, content: bytes = BEFORE) -> Path:
    """Write a file in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


class Page(html.parser.HTMLParser):
    """What an HTML parser reads of a page: tags, attributes, and the text of each element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass


def page_of(*files: tuple[str, bytes], written: bool = False) -> str:
    """Give the page for files with these names and bytes."""
    results = [FileOutcome(name, rewrite(decode(data))) for name, data in files]
    return review_page(results, written=written)


def data_of(page: str) -> dict[str, Any]:
    """Give the data that a page holds for its script."""
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


# -- the option ------------------------------------------------------------------------------------


def test_report_is_written_beside_the_diff() -> None:
    put("a/Dockerfile")
    plain = run("fix")
    done = run("fix", "--report", "review.html")
    assert done == Ran(cli.OK, plain.out, plain.err + "written: review.html\n")
    assert Path("review.html").read_text("utf-8").startswith("<!DOCTYPE html>\n")
    assert Path("a/Dockerfile").read_bytes() == BEFORE


def test_quiet_says_nothing_of_the_page() -> None:
    put("Dockerfile")
    assert run("fix", "-q", "--no-diff", "--report=r.html") == Ran(cli.OK, b"", "")
    assert Path("r.html").exists()


def test_a_dry_run_and_a_run_that_writes_say_so() -> None:
    put("Dockerfile")
    run("fix", "-q", "--no-diff", "--report", "dry.html")
    run("fix", "-q", "--write", "--report", "wet.html")
    dry, wet = Path("dry.html").read_text("utf-8"), Path("wet.html").read_text("utf-8")
    assert "<h1>1 of 1 Dockerfile would change</h1>" in dry
    assert "dry run, nothing is written" in dry
    assert "<h1>1 of 1 Dockerfile changed</h1>" in wet
    assert data_of(dry) == data_of(wet)


def test_check_keeps_its_exit_code() -> None:
    put("Dockerfile")
    assert run("fix", "-q", "--check", "--no-diff", "--report", "r.html").code == cli.WOULD_CHANGE
    assert data_of(Path("r.html").read_text("utf-8"))["files"][0]["state"] == "changed"


def test_a_page_that_cannot_be_written_is_an_error() -> None:
    file = put("Dockerfile")
    code, out, err = run("fix", "--write", "--report", "none/r.html")
    assert (code, out) == (cli.USAGE, b"")
    assert err.startswith("pipslim: none/r.html: cannot be written: ")
    assert file.read_bytes() == BEFORE, "nothing is done before"


def test_a_page_of_nothing_is_a_page() -> None:
    assert run("fix", "--report", "r.html") == Ran(cli.OK, b"", "no Dockerfiles found\n")
    assert "<h1>0 of 0 Dockerfiles would change</h1>" in Path("r.html").read_text("utf-8")


def test_standard_input_has_a_page_too() -> None:
    code, out, err = run(
        "fix", "-", "--stdin-filename=x/Dockerfile", "--report=r.html", stdin=BEFORE
    )
    assert (code, out, err) == (cli.OK, run("fix", "-", stdin=BEFORE).out, "")
    (file,) = data_of(Path("r.html").read_text("utf-8"))["files"]
    assert (file["path"], file["state"]) == ("x/Dockerfile", "changed")


def test_the_same_input_gives_the_same_page() -> None:
    for name in ("z/Dockerfile", "a/Dockerfile", "a/b/Dockerfile.dev"):
        put(name)
    put("Dockerfile", NASTY)
    put("bad/Dockerfile", BROKEN)
    pages = []
    for name in ("one.html", "two.html"):
        run("fix", "-q", "--no-diff", "--report", name)
        pages.append(Path(name).read_bytes())
    assert pages[0] == pages[1]


def test_paths_are_those_of_the_diff(folder: Path) -> None:
    put("a/Dockerfile")
    run("fix", "-q", "--no-diff", "--report", "r.html", str(folder / "a"))
    assert data_of(Path("r.html").read_text("utf-8"))["files"][0]["path"] == "a/Dockerfile"


@pytest.mark.skipif(os.name == "nt", reason="there, a folder cannot be kept from being read so")
def test_a_file_that_cannot_be_read_is_on_the_page() -> None:
    put("Dockerfile", CLEAN)
    os.mkfifo("Dockerfile.pipe")
    assert (
        run("fix", "-q", "--report", "r.html", "Dockerfile", "Dockerfile.pipe").code == cli.UNREAD
    )
    page = Path("r.html").read_text("utf-8")
    same, unread = data_of(page)["files"]
    assert same["state"] == "same"
    assert (unread["state"], unread["error"]) == ("unread", "not a regular file")
    assert '<p class="bad">not a regular file</p>' in page


# -- what the data say -----------------------------------------------------------------------------


def _join(lines: list[str], *, ends: bool) -> str:
    return "\n".join(lines) + ("\n" if ends and lines else "")


def both(file: dict[str, Any]) -> tuple[str, str]:
    """Give the texts that a file's data lead to, as the page's script puts them together."""
    old: list[str] = []
    new: list[str] = []
    at = 0
    for change in file["changes"]:
        kept = file["lines"][at : change["start"]]
        old += kept
        new += kept
        for left, right in change["rows"]:
            if left is not None:
                old.append("".join(left))
            if right is not None:
                new.append("".join(right))
        at = change["end"]
    old += file["lines"][at:]
    new += file["lines"][at:]
    return _join(old, ends=file["ends"]), _join(new, ends=file["ends"])


def fixtures() -> list[Path]:
    """Give the Dockerfiles of all cases and examples."""
    found = [path for path in FIXTURES.rglob("*") if "ockerfile" in path.name and path.is_file()]
    return sorted(path for path in found if not path.name.startswith("after."))


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_rows_of_a_fixture_lead_to_both_texts(path: Path) -> None:
    outcome = rewrite(decode(path.read_bytes()))
    file = file_data(FileOutcome("Dockerfile", outcome))
    assert file["state"] in STATES
    if file["state"] not in ("changed", "noted"):
        return
    assert both(file) == (outcome.before, outcome.after)
    assert len(file["kinds"]) == len(file["lines"])
    for change in file["changes"]:
        news = [new for _, new in change["rows"] if new is not None]
        assert len(change["kinds"]) == len(news)
        # a row is there because something changes in it, the newline at the end of the file, say
        alike = sum(old == new for old, new in change["rows"])
        assert alike <= (not outcome.before.endswith("\n"))
    places = {at for note in file["notes"] for at in note.get("at", ())}
    assert places == set(range(len(file["changes"]))), "each change has its reason"
    for note in file["notes"]:
        assert ("at" in note) != ("line" in note)
        if "fixed" in note:
            assert note["at"], "a fix stands beside what it changed"


WORDS = {
    "set PYTHONDONTWRITEBYTECODE=1": "PYTHONDONTWRITEBYTECODE",
    "write /etc/pip.conf": "/etc/pip.conf",
    "add --no-cache-dir": "--no-cache-dir",
}


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_a_reason_stands_beside_the_words_that_it_explains(path: Path) -> None:
    file = file_data(FileOutcome("Dockerfile", rewrite(decode(path.read_bytes()))))
    for note in file.get("notes", ()):
        word = WORDS.get(note.get("fixed", ""))
        if word is not None:
            rows = [row for at in note["at"] for row in file["changes"][at]["rows"]]
            assert any(word in "".join(new or ()) for _, new in rows), note


def test_inserted_words_are_marked_and_no_others() -> None:
    file = file_data(FileOutcome("Dockerfile", rewrite(decode(BEFORE))))
    (change,) = file["changes"]
    assert change["rows"][-1] == (
        "RUN pip install flask",
        ["RUN pip install", " --no-cache-dir", " flask"],
    )


def test_a_replacement_marks_what_differs_alone() -> None:
    outcome = rewrite("FROM python:3.12\nENV LANG C.UTF-8\nENV TZ Europe/Berlin\n")
    rows = file_data(FileOutcome("Dockerfile", outcome))["changes"][0]["rows"]
    assert rows[:2] == [
        (["ENV LANG", " ", "C.UTF-8"], ["ENV LANG", "=", "C.UTF-8", " \\"]),
        (["", "ENV ", "TZ", " ", "Europe/Berlin"], ["", "    ", "TZ", "=", "Europe/Berlin"]),
    ]


def test_a_fix_that_rests_on_another_stands_where_its_words_are() -> None:
    path = FIXTURES / "examples" / "legacy-report" / "Dockerfile"
    outcome = rewrite(decode(path.read_bytes()))
    file = file_data(FileOutcome("Dockerfile", outcome))
    (report,) = [each for each in outcome.reports if each.pass_id == "pip-conf"]
    assert not report.edits
    (note,) = [each for each in file["notes"] if each["pass"] == "pip-conf"]
    (at,) = note["at"]
    assert "/etc/pip.conf" in "".join(new or "" for _, new in file["changes"][at]["rows"])


def test_a_finding_held_back_names_its_line_and_reason() -> None:
    text = "FROM ubuntu:14.04\nRUN apt-get install -y python-pip\nRUN pip install a\n"
    file = file_data(FileOutcome("Dockerfile", rewrite(text)))
    (note,) = [each for each in file["notes"] if "held" in each]
    assert note["pass"] == "pip-cache"
    assert note["line"] == 2
    assert note["place"] == [3, 5]
    assert note["held"].startswith("this pip is older than 6.0")


def test_an_idle_ignore_comment_is_a_note() -> None:
    file = file_data(FileOutcome("D", rewrite("FROM scratch\n# pipslim: ignore\nCOPY a /\n")))
    assert file["state"] == "noted"
    (note,) = file["notes"]
    assert (note["pass"], note["line"]) == ("", 1)


def test_an_error_shows_the_lines_around_its_place() -> None:
    text = "FROM scratch\n" + "COPY a /\n" * 9 + "COPYY a /\nCOPY b /\n"
    file = file_data(FileOutcome("Dockerfile", rewrite(text)))
    assert file["state"] == "unread"
    assert file["place"] == [11, 1]
    assert file["first"] == 7
    assert file["lines"] == ["COPY a /"] * 3 + ["COPYY a /", "COPY b /"]


def test_a_failed_proof_names_its_pass() -> None:
    problem = rewrite(decode(BROKEN)).problem
    assert problem is not None
    outcome = rewrite(decode(BEFORE))._replace(problem=problem._replace(pass_id="bytecode"))
    file = file_data(FileOutcome("Dockerfile", outcome))
    assert (file["state"], file["pass"]) == ("failed", "bytecode")


def test_the_mark_of_a_viewed_file_stands_for_its_texts() -> None:
    def mark(path: str, text: str) -> str:
        found: str = file_data(FileOutcome(path, rewrite(text)))["id"]
        return found

    text = decode(BEFORE)
    assert mark("a", text) == mark("a", text)
    assert len({mark("a", text), mark("b", text), mark("a", text + "\n")}) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("FROM a", "i"),
        ("# c\nFROM a\n\nRUN b \\\n  # d\n  c\n", "#i.i#."),
        ("FROM a\nRUN <<E\nRUN x\n# y\nE\nCMD z\n", "iihh.i"),
        ("FROM a\nRUN <<E\nE\n", "ii."),
        ("RUN <<E\n# b\n", ".."),
        ("\ufeffFROM a\r\nCMD b\r\n", "ii"),
    ],
)
def test_kinds_of_lines(text: str, told: str) -> None:
    assert kinds(text) == told


LINES = st.lists(st.sampled_from(["", "a", "b c", "  d", "e \\", "RUN a", "é\x00"]), max_size=8)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, tuple[Edit, ...]]:
    """Give a text, and edits of it in order that do not touch."""
    text = "\n".join(draw(LINES)) + draw(st.sampled_from(["", "\n"]))
    edits: list[Edit] = []
    at = 0
    for _ in range(draw(st.integers(0, 4))):
        if at > len(text):
            break
        start = draw(st.integers(at, len(text)))
        end = draw(st.integers(start, min(len(text), start + 6)))
        put = draw(st.sampled_from(["", " --flag", "\n", "x\n", " \\\n    ", "=a", "a\nb\n"]))
        if put != text[start:end]:
            edits.append(Edit(start, end, put))
        at = end + 1
    return text, tuple(edits)


@given(edited())
def test_blocks_lead_to_both_texts_and_are_those_of_the_diff(
    case: tuple[str, tuple[Edit, ...]],
) -> None:
    before, edits = case
    after = apply(before, edits)
    found = blocks(before, edits)
    old, new = before.split("\n"), after.split("\n")
    shift = 0
    for block in found:
        news = ["".join(right) for _, right in block.rows if right is not None]
        olds = ["".join(left) for left, _ in block.rows if left is not None]
        assert olds == old[block.start : block.end]
        assert news == new[block.new : block.new + len(news)]
        assert block.new == block.start + shift
        shift += len(news) - len(olds)
    lines = unified("x", before, edits).split("\n")[2:]
    removed = [line[1:] for line in lines if line.startswith("-")]
    added = [line[1:] for line in lines if line.startswith("+")]
    rows = [row for block in found for row in block.rows]
    assert removed == ["".join(left) for left, _ in rows if left is not None]
    assert added == ["".join(right) for _, right in rows if right is not None]


# -- what the page says ----------------------------------------------------------------------------


def test_totals_are_those_of_the_summary() -> None:
    for at in range(3):
        put(f"{at}/Dockerfile")
    put("bad/Dockerfile", BROKEN)
    put("old/Dockerfile", (FIXTURES / "monorepo/legacy/erp/Dockerfile").read_bytes())
    told = run("fix", "--no-diff", "--report", "r.html").err
    page = Page(Path("r.html").read_text("utf-8"))
    labels = page.texts["dt"][:5]
    totals = dict(zip(labels, map(int, page.texts["dd"][:5]), strict=True))
    assert "5 files read, 4 would change, 1 not readable" in told
    fixed = sum(map(int, re.findall(r": (\d+) to fix", told)))
    assert totals == {"files": 5, "to change": 4, "fixes": fixed, "held back": 1, "errors": 1}


def test_one_bar_shows_what_part_of_the_files_changes() -> None:
    page = page_of(("a", BEFORE), ("b", BEFORE), ("c", CLEAN), ("d", BROKEN))
    told = re.search(r'<figure class="share">.*?aria-label="(.*?)">(.*?)</svg>', page, re.DOTALL)
    assert told is not None
    assert told[1] == "2 to change, 1 errors, 1 as they should be"
    widths = re.findall(r'class="(\w+)" x="([\d.]+)" width="([\d.]+)"', told[2])
    assert widths == [
        ("changed", "0.00", "500.00"), ("bad", "500.00", "250.00"), ("same", "750.00", "250.00")
    ]  # fmt: skip
    assert '<figure class="share">' not in page_of(), "of nothing there are no parts"


def test_the_plot_has_a_bar_for_each_pass() -> None:
    page = page_of(("a/Dockerfile", BEFORE), ("b/Dockerfile", BEFORE))
    rows = re.findall(r'<tr data-pass="([\w-]+)">.*?aria-label="(.*?)"', page)
    assert tuple(name for name, _ in rows) == IDS
    assert dict(rows)["pip-cache"] == "2 to fix, 0 held back"
    assert dict(rows)["split-env"] == "0 to fix, 0 held back"


def test_each_pass_is_explained_with_its_price() -> None:
    page = Page(page_of())
    ids = [value for tag, name, value in page.attributes if (tag, name) == ("article", "id")]
    assert ids == [f"pass-{each}" for each in IDS]
    assert page.texts["b"].count("Why") == page.texts["b"].count("Price") == len(IDS)


def test_without_scripts_the_diffs_are_there() -> None:
    page = page_of(("a&b/Dockerfile", BEFORE), ("bad", BROKEN), ("same", CLEAN))
    plain = re.search(r'<main class="plain"[^>]*>(.*)</main>', page, re.DOTALL)
    assert plain is not None
    parsed = Page(plain[1])
    assert parsed.texts["h2"] == ["a&b/Dockerfile", "bad"]
    assert ("section", "id", "a&b/Dockerfile") in parsed.attributes
    outcome = rewrite(decode(BEFORE))
    diff = unified("a&b/Dockerfile", outcome.before, outcome.edits)
    tags = re.compile(r"<[^>]*>")
    shown_diff = re.search(r"<pre>(.*?)</pre>", plain[1], re.DOTALL)
    assert shown_diff is not None
    assert tags.sub("", shown_diff[1]) == shown(diff)
    assert "1 file more: nothing to change." in plain[1]


def test_nothing_of_a_file_becomes_markup() -> None:
    idle = b"FROM scratch\n# pipslim: ignore[<img/src=x>]\nCOPY a /\n"
    page = page_of(
        ("</script><script>alert(3)</script>", NASTY), ("bad", b"<!-- <script>\n"), ("idle", idle)
    )
    assert "names no pass: &lt;img/src=x&gt;" in page
    harmless = page_of(("Dockerfile", BEFORE), ("bad", BROKEN))
    assert page.count("<script") == harmless.count("<script") == 2
    assert page.count("</script") == 2
    assert page.count("<main") == page.count("</main") == harmless.count("<main")
    assert "<!--" not in page
    assert "<img" not in page
    data = re.search(r'data-part="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert data[1].isascii()
    assert not set(data[1]) & set("<>&")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", page)
    assert not re.search("[\u2028\u2029\u202e\u200b\ufeff]", page)
    page.encode("utf-8")  # no lone surrogate is left


def test_every_byte_is_in_the_data() -> None:
    data = data_of(page_of(("Dockerfile", NASTY)))
    before, after = both(data["files"][0])
    outcome = rewrite(decode(NASTY))
    assert (before, after) == (outcome.before, outcome.after)


def test_what_cannot_be_seen_is_told() -> None:
    assert shown("a\x00b\u202ec\udcff\u00a0d\r\té\n<") == "a\\x00b\\u202ec\\xff\\xa0d\\x0d\té\n&lt;"


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    text = page_of(("Dockerfile", BEFORE))
    page = Page(text)
    (policy,) = [v for tag, name, v in page.attributes if (tag, name) == ("meta", "content")][:1]
    found = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert found is not None
    assert script is not None
    hashes = [b64encode(sha256(each.encode()).digest()).decode() for each in (found[1], script[1])]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert policy in text.partition("<style")[0], "ahead of what it rules"


def test_the_page_names_no_address_and_no_handler() -> None:
    page = Page(page_of(("Dockerfile", NASTY)))
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("src", "srcset", "style", "action", "data", "xlink:href"), (tag, name)
        assert name != "href" or value.startswith("#"), value
    text = re.sub("<pre>.*?</pre>", "", page_of(), flags=re.DOTALL)  # examples name what they fetch
    for word in ("http:", "https:", "@import", "url(", "fetch(", "XMLHttp", "innerHTML", "eval("):
        assert word not in text, word


def test_each_key_is_told_on_the_page_and_in_the_docs() -> None:
    report = ROOT / "pipslim" / "report"
    script = (report / "review.js").read_text("utf-8")
    block = script.partition("const KEYS = {")[2].partition("\n  };")[0]
    keys = re.findall(r'^    "?([a-zE/?]|Escape)"?:', block, re.MULTILINE)
    listed = re.findall(r"<kbd>(.*?)</kbd>", (report / "review.html").read_text("utf-8"))
    table = (ROOT / "docs" / "report.md").read_text("utf-8").partition("## Keys")[2]
    told = re.findall(r"`(.+?)`", table.partition("\n## ")[0])
    assert sorted({"Escape": "Esc"}.get(key, key) for key in keys) == sorted(listed)
    assert listed == told


def outcome_of(data: bytes) -> Outcome:
    """Rewrite a file's bytes."""
    return rewrite(decode(data))


def test_four_hundred_files_take_little_room() -> None:
    paths = [path for path in (FIXTURES / "monorepo").rglob("Dockerfile*") if path.is_file()]
    outcomes = [outcome_of(path.read_bytes()) for path in paths]
    many = [FileOutcome(f"{at}/Dockerfile", outcomes[at % len(outcomes)]) for at in range(400)]
    assert len(review_page(many, written=False)) < 4_000_000
