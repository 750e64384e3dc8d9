r"""How BuildKit reads ENV, by real builds, and that `expand` gives the same.

Each case is one stage. `lines` is what the engine gets; `steps` are the words that stand in it,
which `expand` gets; `env` is what both must give. The cases are checked without an engine too.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pipslim.syntax.expand import BadExpansion, expand

from .engine import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .engine import Engine

# What BuildKit gives a stage that starts from nothing.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHELL_BASE = "debian:bookworm-slim"
_GLOBAL = {"GLOBAL": "top", "GIVEN": "top"}
_GIVEN = {"GIVEN": "given", "UNDECLARED": "given"}


class Step(NamedTuple):
    keyword: str
    words: tuple[str, ...]


class Case(NamedTuple):
    name: str
    lines: str
    steps: tuple[Step, ...]
    env: dict[str, str]
    base: str = "scratch"
    onbuild: tuple[Step, ...] = ()


def env(*words: str) -> Step:
    return Step("ENV", words)


def arg(*words: str) -> Step:
    return Step("ARG", words)


CASES = (
    # All words of one instruction see the environment before it.
    Case(
        "one-instruction-sees-the-value-before",
        "ENV A=old\nENV A=new B=$A",
        (env("A=old"), env("A=new", "B=$A")),
        {"A": "new", "B": "old"},
    ),
    Case(
        "two-instructions-see-the-new-value",
        "ENV A=old\nENV A=new\nENV B=$A",
        (env("A=old"), env("A=new"), env("B=$A")),
        {"A": "new", "B": "new"},
    ),
    Case(
        "nothing-before",
        "ENV A=new B=[$A]",
        (env("A=new", "B=[$A]"),),
        {"A": "new", "B": "[]"},
    ),
    Case(
        "back-reference-inside-a-modifier",
        "ENV A=new B=${Z:-${A}} C=${A:+set}",
        (env("A=new", "B=${Z:-${A}}", "C=${A:+set}"),),
        {"A": "new", "B": "", "C": ""},
    ),
    Case(
        "no-reference-when-quoted-or-escaped",
        "ENV A=new B='$A' C=\\$A",
        (env("A=new", "B='$A'", "C=\\$A"),),
        {"A": "new", "B": "$A", "C": "$A"},
    ),
    Case(
        "default-path",
        "ENV PATH=/opt/bin:$PATH",
        (env("PATH=/opt/bin:$PATH"),),
        {"PATH": f"/opt/bin:{_PATH}"},
    ),
    Case(
        "the-last-of-two-wins-in-the-first-place",
        "ENV A=1 B=2 A=3",
        (env("A=1", "B=2", "A=3"),),
        {"A": "3", "B": "2"},
    ),
    Case(
        "the-same-in-two-instructions",
        "ENV A=1 B=2\nENV A=3",
        (env("A=1", "B=2"), env("A=3")),
        {"A": "3", "B": "2"},
    ),
    Case(
        "a-reference-in-a-key",
        "ENV A=1\nENV N=K\nENV ${N}_1=v",
        (env("A=1"), env("N=K"), env("${N}_1=v")),
        {"A": "1", "N": "K", "K_1": "v"},
    ),
    Case(
        "a-key-in-quotes",
        "ENV \"A\"=1 'B'=2",
        (env('"A"=1', "'B'=2"),),
        {"A": "1", "B": "2"},
    ),
    Case(
        "a-key-that-is-a-special-parameter",
        "ENV 1=one @=at\nENV V=$1$@$2",
        (env("1=one", "@=at"), env("V=$1$@$2")),
        {"1": "one", "@": "at", "V": "oneat"},
    ),
    Case(
        "expanded-values-are-not-split",
        "ENV A='x  y'\nENV B=$A",
        (env("A='x  y'"), env("B=$A")),
        {"A": "x  y", "B": "x  y"},
    ),
    Case(
        "expanded-values-are-not-expanded-again",
        "ENV A='$X\\' X=1\nENV B=$A",
        (env("A='$X\\'", "X=1"), env("B=$A")),
        {"A": "$X\\", "X": "1", "B": "$X\\"},
    ),
    Case(
        "a-number-sign-is-text",
        "ENV A=1#2 B=#3",
        (env("A=1#2", "B=#3"),),
        {"A": "1#2", "B": "#3"},
    ),
    Case("an-empty-value", "ENV A= B=''", (env("A=", "B=''"),), {"A": "", "B": ""}),
    Case("an-equals-sign-in-a-value", "ENV A=b=c", (env("A=b=c"),), {"A": "b=c"}),
    # The legacy form: one value, to the end of the line.
    Case(
        "legacy-keeps-inner-blanks",
        "ENV A one  two\tthree",
        (env("A=one  two\tthree"),),
        {"A": "one  two\tthree"},
    ),
    Case("legacy-trims-its-ends", "ENV A \t one \t", (env("A=one"),), {"A": "one"}),
    Case(
        "legacy-keeps-blanks-of-a-value",
        "ENV B=' x '\nENV A $B",
        (env("B=' x '"), env("A=$B")),
        {"B": " x ", "A": " x "},
    ),
    Case(
        "legacy-number-sign",
        "ENV A one # two",
        (env("A=one # two"),),
        {"A": "one # two"},
    ),
    Case(
        "legacy-quotes",
        "ENV A 'one  two' \"three\" four",
        (env("A='one  two' \"three\" four"),),
        {"A": "one  two three four"},
    ),
    Case("legacy-pairs", "ENV A x=1 y=2", (env("A=x=1 y=2"),), {"A": "x=1 y=2"}),
    Case("legacy-escape", r"ENV A a\bc\\d\$A", (env(r"A=a\bc\\d\$A"),), {"A": r"abc\d$A"}),
    Case(
        "legacy-back-reference",
        "ENV A one\nENV A $A two",
        (env("A=one"), env("A=$A two")),
        {"A": "one two"},
    ),
    Case(
        "legacy-continued",
        "ENV A one \\\n# a comment\n\n  two",
        (env("A=one   two"),),
        {"A": "one   two"},
    ),
    Case(
        "legacy-key-is-expanded",
        "ENV N K\nENV $N v",
        (env("N=K"), env("$N=v")),
        {"N": "K", "K": "v"},
    ),
    # Continuations join.
    Case(
        "continued-behind-a-blank",
        "ENV A=1 \\\n    B=2",
        (env("A=1", "B=2"),),
        {"A": "1", "B": "2"},
    ),
    Case(
        "continued-without-a-blank",
        "ENV A=1 B=2\\\nC=3",
        (env("A=1", "B=2C=3"),),
        {"A": "1", "B": "2C=3"},
    ),
    Case(
        "continued-without-a-blank-before-a-blank",
        "ENV A=1 B=2\\\n  C=3",
        (env("A=1", "B=2", "C=3"),),
        {"A": "1", "B": "2", "C": "3"},
    ),
    Case(
        "continued-with-blanks-behind",
        "ENV A=1 \\ \t\n  B=2",
        (env("A=1", "B=2"),),
        {"A": "1", "B": "2"},
    ),
    Case(
        "continued-over-a-comment-and-a-blank-line",
        "ENV A=1 \\\n  # a comment \\\n\n  B=2",
        (env("A=1", "B=2"),),
        {"A": "1", "B": "2"},
    ),
    Case(
        "continued-in-quotes",
        'ENV A="one \\\n  two" B=3',
        (env('A="one   two"', "B=3"),),
        {"A": "one   two", "B": "3"},
    ),
    # Build arguments.
    Case(
        "env-hides-an-arg-before",
        "ARG X=arg\nENV X=env\nENV B=$X",
        (arg("X=arg"), env("X=env"), env("B=$X")),
        {"X": "env", "B": "env"},
    ),
    Case(
        "env-hides-an-arg-before-only-from-the-next-instruction-on",
        "ARG X=arg\nENV X=env B=$X",
        (arg("X=arg"), env("X=env", "B=$X")),
        {"X": "env", "B": "arg"},
    ),
    Case(
        "env-is-hidden-by-an-arg-behind",
        "ENV X=env\nARG X=arg\nENV B=$X",
        (env("X=env"), arg("X=arg"), env("B=$X")),
        {"X": "env", "B": "arg"},
    ),
    Case(
        "env-is-hidden-until-the-next-env",
        "ENV X=env\nARG X=arg\nENV X=$X.1\nENV B=$X",
        (env("X=env"), arg("X=arg"), env("X=$X.1"), env("B=$X")),
        {"X": "arg.1", "B": "arg.1"},
    ),
    Case(
        "env-is-not-hidden-by-an-arg-without-a-value",
        "ENV X=env\nARG X\nENV B=$X",
        (env("X=env"), arg("X"), env("B=$X")),
        {"X": "env", "B": "env"},
    ),
    Case(
        "args-of-one-instruction-see-each-other",
        "ARG X=1 Y=$X.2\nENV B=$Y",
        (arg("X=1", "Y=$X.2"), env("B=$Y")),
        {"B": "1.2"},
    ),
    Case(
        "an-arg-between",
        "ARG X=1\nENV A=$X\nARG X=2\nENV B=$X",
        (arg("X=1"), env("A=$X"), arg("X=2"), env("B=$X")),
        {"A": "1", "B": "2"},
    ),
    Case(
        "an-arg-without-a-value",
        "ARG X\nENV B=[$X] C=${X-unset}",
        (arg("X"), env("B=[$X]", "C=${X-unset}")),
        {"B": "[]", "C": "unset"},
    ),
    Case(
        "an-arg-refers-to-args-and-env",
        "ENV A=env\nARG X=$A.1\nARG Y=$X.2\nENV B=$Y",
        (env("A=env"), arg("X=$A.1"), arg("Y=$X.2"), env("B=$Y")),
        {"A": "env", "B": "env.1.2"},
    ),
    Case(
        "a-global-arg-is-not-seen",
        "ENV B=[$GLOBAL]",
        (env("B=[$GLOBAL]"),),
        {"B": "[]"},
    ),
    Case(
        "a-global-arg-is-seen-when-declared",
        "ARG GLOBAL\nENV B=$GLOBAL",
        (arg("GLOBAL"), env("B=$GLOBAL")),
        {"B": "top"},
    ),
    Case(
        "a-global-arg-with-a-default-of-the-stage",
        "ARG GLOBAL=stage\nENV B=$GLOBAL",
        (arg("GLOBAL=stage"), env("B=$GLOBAL")),
        {"B": "stage"},
    ),
    Case(
        "a-given-arg",
        "ARG GIVEN=stage\nENV B=$GIVEN",
        (arg("GIVEN=stage"), env("B=$GIVEN")),
        {"B": "given"},
    ),
    Case(
        "a-given-arg-hides-env",
        "ENV GIVEN=env\nENV A=$GIVEN\nARG GIVEN\nENV B=$GIVEN",
        (env("GIVEN=env"), env("A=$GIVEN"), arg("GIVEN"), env("B=$GIVEN")),
        {"GIVEN": "env", "A": "env", "B": "given"},
    ),
    Case(
        "a-given-arg-is-hidden-by-the-next-env",
        "ARG GIVEN=stage\nENV GIVEN=env\nENV B=$GIVEN",
        (arg("GIVEN=stage"), env("GIVEN=env"), env("B=$GIVEN")),
        {"GIVEN": "env", "B": "env"},
    ),
    Case(
        "a-given-arg-that-is-not-declared",
        "ENV B=[$UNDECLARED]",
        (env("B=[$UNDECLARED]"),),
        {"B": "[]"},
    ),
    # Stages and triggers.
    Case(
        "parent",
        "ARG X=arg\nENV A=1\nONBUILD ENV B=$A$X\nONBUILD ENV A=2\nONBUILD ENV A=3 C=$A",
        (arg("X=arg"), env("A=1")),
        {"A": "1"},
        onbuild=(env("B=$A$X"), env("A=2"), env("A=3", "C=$A")),
    ),
    Case(
        "child-runs-the-triggers-first-and-sees-the-args",
        "ENV D=$A$B$C$X",
        (env("D=$A$B$C$X"),),
        {"A": "3", "B": "1arg", "C": "2", "D": "31arg2arg"},
        base="parent",
    ),
    Case(
        "grandchild-runs-none",
        "ENV A=$A+",
        (env("A=$A+"),),
        {"A": "3+", "B": "1arg", "C": "2", "D": "31arg2arg"},
        base="child-runs-the-triggers-first-and-sees-the-args",
    ),
    # A sample of the words of tests/test_expand.py, all in one stage.
    Case(
        "words",
        "ENV A=alpha EMPTY= STR=foobarbaz STARS=a*b FILE=/src/x.tar.gz HASH=#a\n",
        (env("A=alpha", "EMPTY=", "STR=foobarbaz", "STARS=a*b", "FILE=/src/x.tar.gz", "HASH=#a"),),
        {
            "A": "alpha",
            "EMPTY": "",
            "STR": "foobarbaz",
            "STARS": "a*b",
            "FILE": "/src/x.tar.gz",
            "HASH": "#a",
        },
    ),
)

WORDS = (
    ("$A", "alpha"),
    ("${A}_x", "alpha_x"),
    ("$A_x", ""),
    ("$A-x", "alpha-x"),
    ("$.", "$."),
    ("$(A)", "$(A)"),
    ("$$A", "A"),
    ("[$1$@$#$?$-$!$*]", "[]"),
    ("$12x", "x"),
    (r"a\tb\\c\'d", r"atb\c'd"),
    (r'"a\tb\\c\"d\$e\'"', r"a\tb\c" + "\"d$e\\'"),
    (r"'a\tb\\c\"d$A'", r"a\tb\\c\"d$A"),
    ("a'b'\"c\"d", "abcd"),
    ("a\\ b", "a b"),
    ('"a  b"', "a  b"),
    ("${UNSET:-x}${EMPTY:-x}${A:-x}", "xxalpha"),
    ("[${UNSET-x}${EMPTY-x}${A-x}]", "[xalpha]"),
    ("[${UNSET:+x}${EMPTY:+x}${A:+x}]", "[x]"),
    ("[${UNSET+x}${EMPTY+x}${A+x}]", "[xx]"),
    ("${A:?x}${EMPTY?x}", "alpha"),
    ("${UNSET:-${EMPTY:-$A}}", "alpha"),
    ("${A:+${A}:}/x", "alpha:/x"),
    (r"${UNSET:-\}}", "}"),
    ("${UNSET:-'}'}", "}"),
    ("${UNSET:-'$A'}", "$A"),
    (r"${UNSET:-\$A}", "$A"),
    ('"${UNSET:-"x"}"', "x"),
    ("${A}}", "alpha}"),
    ("${1:-x}${@:-y}", "xy"),
    ("${STR#f*b}", "arbaz"),
    ("${STR##f*b}", "az"),
    ("${STR%b*}", "foobar"),
    ("${STR%%b*}", "foo"),
    ("${STR/ba/fo}", "fooforbaz"),
    ("${STR//ba/fo}", "fooforfoz"),
    ("${STR//?/x}", "xxxxxxxxx"),
    ("${STR//*/x}", "x"),
    ("${A///-}", "-a-l-p-h-a-"),
    (r"${STARS#a\*}", "b"),
    (r"${STARS/\*/-}", "a-b"),
    ("${FILE##*/}", "x.tar.gz"),
    ("${FILE%%.*}", "/src/x"),
    (r"${FILE//\//_}", "_src_x.tar.gz"),
    ("${HASH#$HASH}", "#a"),
    (r"${A/l/\}}", r"a\}pha"),
    ("${A//l/'$0$0'}", "allpha"),
    ("${A//l/'$1x'}", "apha"),
    ("${A/l/'$0'}", "a$0pha"),
    ("${+x}${/a/b}", ""),
    ("\ufeffa\ufeff", "a\ufeff"),
)

# In a file that begins with `# escape=` and a backquote.
BACKQUOTE_CASES = (
    Case(
        "backquote-escapes",
        'ENV A=a`bc`$A B="`$A `" `` `n" C=\'`$A\'',
        (env("A=a`bc`$A", 'B="`$A `" `` `n"', "C='`$A'"),),
        {"A": "abc$A", "B": '$A " ` `n', "C": "`$A"},
    ),
    Case(
        "backquote-makes-a-backslash-text",
        'ENV A=C:\\dir B="\\"\nENV C=$A\\$A',
        (env("A=C:\\dir", 'B="\\"'), env("C=$A\\$A")),
        {"A": "C:\\dir", "B": "\\", "C": "C:\\dir\\C:\\dir"},
    ),
    Case(
        "backquote-continues",
        "ENV A=1 `\n  B=2`\nC=3",
        (env("A=1", "B=2C=3"),),
        {"A": "1", "B": "2C=3"},
    ),
    Case(
        "backquote-is-text-in-a-pattern",
        "ENV A='x`y*z'\nENV B=${A%`*z} C=${A%\\*z} D=${A#x``}",
        (env("A='x`y*z'"), env("B=${A%`*z}", "C=${A%\\*z}", "D=${A#x``}")),
        {"A": "x`y*z", "B": "x", "C": "x`y", "D": "x`y*z"},
    ),
)

FAILING = (
    "${}",
    "${A",
    "${A:-b",
    "${:-x}",
    "${.}",
    "${A:=x}",
    "${A=x}",
    "${A^}",
    "${#A}",
    "${A:#x}",
    "${A/x}",
    "${A/x/y",
    "${UNSET?}",
    "${UNSET:?why}",
    "${EMPTY:?}",
    "${A:-${UNSET:?}}",
    r"${A#\a}",
    r"${A/\n/x}",
    "it's",
    '5" disk',
    r"'it\'s'",
)


def _with_words(case: Case) -> Case:
    numbered = {f"V{number}": pair for number, pair in enumerate(WORDS)}
    lines = [f"ENV {name}={word}\n" for name, (word, _) in numbered.items()]
    steps = [env(f"{name}={word}") for name, (word, _) in numbered.items()]
    values = {name: value for name, (_, value) in numbered.items()}
    return case._replace(
        lines=case.lines + "".join(lines),
        steps=(*case.steps, *steps),
        env=case.env | values,
    )


GROUPS = {
    "\\": {case.name: case for case in (*CASES[:-1], _with_words(CASES[-1]))},
    "`": {case.name: case for case in BACKQUOTE_CASES},
}
ALL = [(escape, name) for escape, cases in GROUPS.items() for name in cases]


def _dockerfile(escape: str) -> str:
    head = f"# escape={escape}\n" + "".join(
        f"ARG {key}={value}\n" for key, value in _GLOBAL.items()
    )
    return head + "".join(
        f"FROM {case.base} AS {case.name}\n{case.lines}\n" for case in GROUPS[escape].values()
    )


class Environment(NamedTuple):
    """What the image gets, and what words see: ENV and ARG alike, the later of a name wins."""

    image: dict[str, str]
    seen: dict[str, str]


def _apply(steps: tuple[Step, ...], env: Environment, escape: str) -> None:
    """Change `env` as the steps of a stage do, each on what the one before left."""
    for keyword, words in steps:
        if keyword == "ENV":
            halves = [word.partition("=") for word in words]
            new = {
                expand(key, env.seen, escape): expand(value, env.seen, escape)
                for key, _, value in halves
            }
            env.image.update(new)
            env.seen.update(new)
            continue
        for key, equals, value in [word.partition("=") for word in words]:
            if key in _GIVEN:
                env.seen[key] = _GIVEN[key]
            elif equals:
                env.seen[key] = expand(value, env.seen, escape)
            elif key in _GLOBAL:
                env.seen[key] = _GLOBAL[key]


def _evaluated(escape: str, name: str) -> Environment:
    case = GROUPS[escape][name]
    if case.base == "scratch":
        env = Environment({"PATH": _PATH}, {"PATH": _PATH})
    else:
        env = _evaluated(escape, case.base)
        _apply(GROUPS[escape][case.base].onbuild, env, escape)
    _apply(case.steps, env, escape)
    return env


@pytest.mark.parametrize(("escape", "name"), ALL)
def test_expand_gives_the_environment(escape: str, name: str) -> None:
    expected = {"PATH": _PATH, **GROUPS[escape][name].env}
    assert list(_evaluated(escape, name).image.items()) == list(expected.items())


@pytest.mark.parametrize("word", FAILING)
def test_expand_refuses(word: str) -> None:
    with pytest.raises(BadExpansion):
        expand(word, {"A": "alpha", "EMPTY": ""})


@pytest.fixture(scope="module")
def built(engine: Engine) -> Mapping[tuple[str, str], dict[str, str] | str]:
    """Build every case once; give its environment, or what the build that failed printed."""

    def build(case: tuple[str, str]) -> dict[str, str] | str:
        escape, name = case
        try:
            image = engine.build(_dockerfile(escape), target=name, build_args=_GIVEN)
        except BuildFailed as failed:
            return failed.output
        return engine.env(image)

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(ALL, pool.map(build, ALL), strict=True))


@pytest.mark.builds
@pytest.mark.parametrize(("escape", "name"), ALL)
def test_a_build_gives_the_environment(
    built: Mapping[tuple[str, str], dict[str, str] | str], escape: str, name: str
) -> None:
    env = built[escape, name]
    assert isinstance(env, dict), env
    expected = {"PATH": _PATH, **GROUPS[escape][name].env}
    assert list(env.items()) == list(expected.items())


@pytest.mark.builds
@pytest.mark.parametrize("form", ["V=", "V "])
@pytest.mark.parametrize("word", FAILING)
def test_a_build_refuses(engine: Engine, word: str, form: str) -> None:
    with pytest.raises(BuildFailed, match="failed to process"):
        engine.build(f"FROM scratch\nENV A=alpha EMPTY=\nENV {form}{word}\n")


@pytest.mark.builds
def test_a_run_sees_the_later_of_an_env_and_an_arg(engine: Engine) -> None:
    if not engine.has(_SHELL_BASE):
        pytest.skip(f"the image {_SHELL_BASE} is not on this machine")
    image = engine.build(
        f"FROM {_SHELL_BASE}\nENV X=env\nARG X=arg\nRUN echo $X > /one\n"
        "ENV X=$X.env\nARG X\nRUN echo $X > /two\n"
    )
    files = engine.files(image)
    assert files["/one"].sha256 == hashlib.sha256(b"arg\n").hexdigest()
    assert engine.run(image, ["cat", "/two"]).stdout == "arg.env\n"
