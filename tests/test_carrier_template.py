"""Dockerfile templates: cases, what they say when they are filled in, laws for any text."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree

import pytest
from hosts import Case, cases, check
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, TemplateError
from test_cli import Ran, put, run
from test_properties import moderate, plausible

from pipslim import Choice, Outcome, cli, decode, rewrite
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.carriers.part import Unreadable
from pipslim.carriers.tags import MARK, NOTE, VALUE, tags
from pipslim.facts.known import Facts
from pipslim.facts.options import MOUNT, NONE, Options
from pipslim.syntax.document import Document
from pipslim.syntax.parser import parse

few = settings(moderate, max_examples=60)
CASES = cases("template")
PARTS = BY_KIND["template"].parts
FLAG = " --no-cache-dir"
CACHE = Choice(frozenset(("pip-cache",)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_case(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_with_holes_words_are_put_in_and_nothing_else(case: Case) -> None:
    outcome = case.rewritten(case.before)
    if outcome.changed and any(tags(case.before)):
        for start, end, text in outcome.edits:
            assert start == end
            assert text.strip(' ,"') == "--no-cache-dir"
            for tag in tags(case.before):
                assert not tag.start <= start <= tag.end, "no edit touches a hole"


# -- tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ a }}", [("{{ a }}", VALUE)]),
        ("{{- a -}}", [("{{- a -}}", VALUE)]),
        ("{{ '}}' }} }}", [("{{ '}}' }}", VALUE)]),
        ('{{ {"a": {}} }}', [('{{ {"a": {}} }}', VALUE)]),
        ("{{{ a }}}", [("{{{ a }}}", VALUE)]),
        ("{%- if '%}' -%}b{%endif%}", [("{%- if '%}' -%}", MARK), ("{%endif%}", MARK)]),
        ("{% include 'x' %}", [("{% include 'x' %}", VALUE)]),
        ("{# it's {{ a }} #}", [("{# it's {{ a }} #}", NOTE)]),
        ("${#a[@]} {{ b }}", [("{{ b }}", VALUE)]),
        ("{% raw %}{{ a }}{% endraw %}", [("{% raw %}", MARK), ("{% endraw %}", MARK)]),
        ("{{/* don't }} */}}a", [("{{/* don't }} */}}", NOTE)]),
        ("{{ range .A }}{{ end }}", [("{{ range .A }}", MARK), ("{{ end }}", MARK)]),
        ("{{ $a := 1 }}{{ $a }}", [("{{ $a := 1 }}", MARK), ("{{ $a }}", VALUE)]),
        ("{{ ending }}", [("{{ ending }}", VALUE)]),
        ("{{ if a then 1 else 2 end }}", [("{{ if a then 1 else 2 end }}", VALUE)]),
        ("{{ if a then ( -}}{{ ) end }}", [("{{ if a then ( -}}", MARK), ("{{ ) end }}", MARK)]),
        ("{{! it's }}{{#a}}{{/a}}", [("{{! it's }}", NOTE), ("{{#a}}", MARK), ("{{/a}}", MARK)]),
        ("<%= a %><% b %><%# c %>", [("<%= a %>", VALUE), ("<% b %>", MARK), ("<%# c %>", NOTE)]),
        ("<%% <%= '<%' %>", [("<%= '<%' %>", VALUE)]),
        ("@A_1@ a@b.c @x", [("@A_1@", VALUE)]),
        ("%%A%% %% 100%", [("%%A%%", VALUE)]),
        (" #ifdef A\n#iffy\n# if\n#endif", [("#ifdef A", MARK), ("#endif", MARK)]),
        ("${A} $B {a} %{http_code}", []),
    ],
)
def test_tags(text: str, found: list[tuple[str, str]]) -> None:
    assert [(text[tag.start : tag.end], tag.kind) for tag in tags(text)] == found


@pytest.mark.parametrize("text", ["{{ a", "{{ 'a }}", "{% a", "<%= a", "{% raw %}", "${#a} #}"])
def test_tags_without_an_end(text: str) -> None:
    with pytest.raises(Unreadable):
        list(tags(text))


# -- filled in -------------------------------------------------------------------------------------

WORDS = ("a", "{{ word }}", "--quiet", "$X", '"{{ word }}"', "{{ flag }}")
COMMANDS = (
    "pip install {}",
    "pip{{{{ digit }}}} install {}",
    "{{{{ ahead }}}} pip install {}",
    "echo {}",
    "apt-get install -y {}",
    "bash -c 'echo {{{{ word }}}}; pip install {}'",
    "{{{{ command }}}}",
    "{{% if a %}}pip install {}{{% else %}}echo {}{{% endif %}}",
    "{{% if a %}}echo {{% endif %}}pip install {}",
    "cd {} && pip install {}",
)
VALUES = {"word": "w", "flag": "--no-input", "digit": "3", "command": "true"}


def commands() -> st.SearchStrategy[str]:
    """Give commands that hold holes."""
    return st.builds(
        lambda command, word: (
            command.replace("{}", word).replace("{{{{", "{{").replace("}}}}", "}}")
            if "{{%" not in command
            else command.replace("{}", word).replace("{{%", "{%").replace("%}}", "%}")
        ),
        st.sampled_from(COMMANDS),
        st.sampled_from(WORDS),
    )


@st.composite
def runs(draw: st.DrawFn) -> str:
    """Give a RUN of several lines, some of them in conditions and loops."""
    lines = ["RUN true"]
    opened: list[str] = []
    for _ in range(draw(st.integers(1, 5))):
        own = draw(st.sampled_from(["", "", " \\"]))
        what = draw(st.sampled_from(["command", "word", "command", "if", "for", "else", "end"]))
        if what in ("if", "for"):
            opened.append(what)
            tag = "if a" if what == "if" else "for i in numbers"
            lines.append(f"{{% {tag} %}}{own}")
        elif what == "end" and opened:
            lines.append(f"{{% end{opened.pop()} %}}{own}")
        elif what == "else" and opened and opened[-1] == "if":
            opened[-1] = "if"
            lines.append(f"{{% else %}}{own}")
        elif what == "command":
            operator = draw(st.sampled_from(["&& {} \\", "{} && \\", "; {} \\", "{} \\"]))
            lines.append("  " + operator.replace("{}", draw(commands())))
        elif what == "word":
            lines.append(f"  {draw(st.sampled_from(WORDS))} \\")
    lines += [f"{{% end{each} %}}" for each in reversed(opened)]
    lines[0] += " \\" if draw(st.booleans()) else " && \\"
    return "\n".join([*lines, draw(st.sampled_from(["  && true", "  true"]))])


def templates() -> st.SearchStrategy[str]:
    """Give whole templates in Jinja's language."""
    lines = st.one_of(
        runs(),
        commands().map("RUN {}".format),
        commands().map("RUN <<EOF\n{}\nEOF".format),
        st.sampled_from(["ENV A={{ word }}", "USER {{ word }}", "# {{ word }}"]),
        commands().map("{{% if a %}}\nRUN {}\n{{% endif %}}".format),
        commands().map("RUN --mount=type=cache,target={{{{ word }}}} {}".format),
    )
    return st.lists(lines, min_size=1, max_size=4).map(
        lambda found: "\n".join(["FROM python:3.12-slim", *found]) + "\n"
    )


def filled(text: str) -> list[str]:
    """Give what a template says, one text for each way to fill it in."""
    made = Environment(keep_trailing_newline=True, autoescape=False).from_string(text)
    ways = product((True, False), ([], [1], [1, 2]), ("", "sudo", "echo"))
    return [made.render(a=a, numbers=numbers, ahead=ahead, **VALUES) for a, numbers, ahead in ways]


def put_in(before: str, after: str) -> set[int]:
    """Give where in a text flags were put in; fail where anything else happened to it."""
    pieces = after.split(FLAG)
    assert "".join(pieces) == before
    return {len("".join(pieces[: number + 1])) for number in range(len(pieces) - 1)}


def not_followed(text: str) -> list[range]:
    """Give where the RUNs stand of which no shell could run all: such a build fails anyway."""
    document = parse(text)
    assert isinstance(document, Document)
    facts = Facts(document, Options())
    return [
        range(each.start, each.end)
        for number, each in enumerate(document.instructions)
        if each.keyword == "RUN" and facts.run(number).unread
    ]


@given(templates())
@settings(moderate, max_examples=150)
@example(
    "FROM python:3.12-slim\nRUN true && \\\n  pip install a && \\\n{% if a %}\n  a \\\n"
    "{% endif %}\n  && true\n"
)
@example("FROM python:3.12-slim\nRUN echo \\\n{% if a %}\n x && \\\n{% endif %}\n pip install b\n")
@example("FROM python:3.12-slim\nRUN {% if a %}echo {% endif %}pip install b\n")
def test_filled_in_it_has_no_flag_that_the_engine_would_not_put_there(text: str) -> None:
    outcome = carried(text, PARTS, CACHE)
    assert outcome.problem is None or not outcome.problem.pass_id
    if not outcome.changed:
        return
    try:
        texts = list(zip(filled(text), filled(outcome.after), strict=True))
    except TemplateError:
        return
    for before, after in texts:
        plain = rewrite(before, CACHE)
        if plain.problem is None:
            places = {edit.start for edit in plain.edits}
            places.update(at for run in not_followed(before) for at in run)
            assert put_in(before, after) <= places, after


@pytest.mark.parametrize("case", [each for each in CASES if each.before.count("{%")])
def test_cases_filled_in_differ_by_flags_alone(case: Case) -> None:
    try:
        texts = list(zip(filled(case.before), filled(case.after), strict=True))
    except (TemplateError, TypeError):
        return  # not all are Jinja's, and some ask for more
    for before, after in texts:
        put_in(before.replace(FLAG, ""), after)


# -- laws ------------------------------------------------------------------------------------------


@given(plausible(), st.sampled_from(["\n", "\r\n"]))
@few
def test_without_a_hole_it_is_a_dockerfile(text: str, newline: str) -> None:
    text = text.replace("\r\n", "\n").replace("\n", newline)
    try:
        found = PARTS(text)
    except Unreadable:
        assert any(sign in text for sign in ("{{", "{%", "<%", "#}"))
        return
    if not found or not found[0].whole:
        return
    outcome, plain = carried(text, PARTS, Choice()), rewrite(text)
    assert (outcome.after, outcome.problem) == (plain.after, plain.problem)
    alone = [report._replace(edits=()) for report in plain.reports]
    assert [report._replace(edits=()) for report in outcome.reports] == alone


@given(plausible(), st.lists(st.tuples(st.integers(0, 500), st.integers(0, 11)), max_size=4))
@few
@example("FROM python:3.12\n", [(0, 1), (1, 0)])
def test_holes_stay_and_every_char_has_its_place(text: str, places: list[tuple[int, int]]) -> None:
    holes: tuple[str, ...] = (
        "{{ a }}",
        "{% if a %}",
        "{% endif %}",
        "{# it's #}",
        "<%= a %>",
        "<% end %>",
    )
    holes += ("@A@", "%%A%%", "\n{{ a }}\n", "\n{% for a in b %}\n", "{{\n a }}", " {% if b %} ")
    for place, number in places:
        at = place % (len(text) + 1)
        text = text[:at] + holes[number] + text[at:]
    try:
        found = PARTS(text)
    except Unreadable:
        return
    if not found:
        assert carried(text, PARTS, Choice()) == Outcome(text, text)
        return
    for part in found:
        holed = {at for tag in tags(text) for at in range(tag.start, tag.end)}
        for at, char in enumerate(part.text):
            start, end = part.starts[at], part.ends[at]
            assert text[start:end] == char or holed.intersection(range(start, end))
        kept = {at for start, end in zip(part.starts, part.ends, strict=True)
                for at in range(start, end)}  # fmt: skip
        assert set(range(len(text))) - kept <= holed, "nothing else is left out"
    outcome = carried(text, PARTS, Choice())
    assert outcome.problem is None or not outcome.problem.pass_id
    assert [text[t.start : t.end] for t in tags(text)] == [
        outcome.after[t.start : t.end] for t in tags(outcome.after)
    ]
    assert carried(outcome.after, PARTS, Choice()).after == outcome.after


@given(st.text(alphabet="{}%#<>=@A '\"\n\\", max_size=60))
@few
def test_any_text_is_read_or_refused(text: str) -> None:
    outcome = carried(f"FROM a\nRUN {text}", PARTS, Choice())
    assert outcome.problem is None or not outcome.problem.pass_id


# -- the command line ------------------------------------------------------------------------------

FIXTURES = Path(__file__).parents[1] / "fixtures"
FOLDERS = sorted({path.parents[1] for path in FIXTURES.rglob("before.Dockerfile")})
BUILDS = sorted((FIXTURES / "_carriers" / "script").glob("*/before"))


def under_both_names(text: bytes, context: Path | None) -> list[Ran]:
    """Give what is told of a text as a Dockerfile and as a template, with its build context."""
    told: list[Ran] = []
    if context is not None:
        copytree(context, "context", ignore=ignore_patterns("Dockerfile"))
    for name in ("Dockerfile", "Dockerfile.in"):
        file = put(name, text)
        arguments = ["--follow", "--output-format=json", "--unsafe"]
        if context is not None:
            arguments.append("--context=context")
        ran = run("fix", *arguments)
        file.unlink()
        told.append(ran._replace(out=ran.out.replace(b"Dockerfile.in", b"Dockerfile"),
                                 err=ran.err.replace("Dockerfile.in", "Dockerfile")))  # fmt: skip
    rmtree("context", ignore_errors=True)
    return told


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_without_a_hole_its_name_does_not_matter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    compared = 0
    for before in sorted(folder.glob("*/before.Dockerfile")):
        text, context = before.read_bytes(), before.parent / "context"
        if has_tags(decode(text)):
            continue
        plain, template = under_both_names(text, context if context.is_dir() else None)
        assert template == plain, before
        compared += 1
    assert compared


@pytest.mark.parametrize("build", BUILDS, ids=lambda path: path.parent.name)
def test_without_a_hole_its_scripts_are_followed(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain, template = under_both_names((build / "Dockerfile").read_bytes(), build)
    assert template == plain


def has_tags(text: str) -> bool:
    try:
        return any(tags(text))
    except Unreadable:
        return True


def test_a_part_of_a_dockerfile_is_told_and_one_with_holes_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put("Dockerfile.in", b"RUN pip install a\n")
    put("Dockerfile-dev.j2", b"RUN pip install a\n")
    put("Dockerfile.j2", b"RUN pip install {{ a }}\n")
    ran = run("fix")
    assert ran.code == cli.UNREAD
    reason = "RUN before the first FROM; is the file a part of another one?"
    assert ran.err.splitlines()[:2] == [
        f"{name}:1:1: {reason}" for name in ("Dockerfile-dev.j2", "Dockerfile.in")
    ]
    assert ran.err.splitlines()[2].startswith("2 files read")


def test_standard_input_without_a_hole_has_its_build_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put("pip.conf", b"[global]\nno-cache-dir = true\n[install]\ncompile = no\n")
    text = b"FROM python:3.12-slim\nCOPY pip.conf /etc/\nRUN pip install a\n"
    told = [run("fix", "-", f"--stdin-filename={name}", stdin=text)
            for name in ("Dockerfile", "Dockerfile.in")]  # fmt: skip
    assert told[0].out == told[1].out
    assert b"printf" not in told[0].out


# -- what users ask for ----------------------------------------------------------------------------

ASKED = (
    "FROM python:3.12-slim\nENV A={{ a }}\nRUN pip install a\n"
    "USER {{ user }}\nRUN --mount=type=cache,target=/root/.cache/pip pip install b\n"
)


def test_mounts_are_not_put_in_where_there_are_holes() -> None:
    outcome = carried(ASKED, PARTS, CACHE._replace(options=Options(cache=MOUNT)))
    assert not outcome.changed
    assert [each.held for each in outcome.reports] == [
        "parts of this text are filled in later; make it by hand",
    ]


def test_mounts_are_not_taken_away_where_there_are_holes() -> None:
    outcome = carried(ASKED, PARTS, CACHE._replace(options=Options(cache=NONE)))
    assert outcome.after == ASKED.replace("install a", "install --no-cache-dir a")
    assert len([each for each in outcome.reports if each.held]) == 1


def test_holes_are_told_as_the_template_has_them() -> None:
    name = "a_name_that_is_longer_than_anybody_would_like_to_read"
    text = (
        f"FROM a\nRUN {{{{\n {name} }}}} -m pip install b\nRUN {{{{ _hole_ }}}} -m pip install c\n"
    )
    told = [each.held for each in carried(text, PARTS, CACHE).reports]
    assert told == [
        f"the value of {{{{ {name[:37]}… is not known",
        "the value of {{ _hole_ }} is not known",
    ]
    assert not re.search(r"_hole__", "".join(told))
