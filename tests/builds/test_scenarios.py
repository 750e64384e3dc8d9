"""Whole Dockerfiles, built as they are and as pipslim leaves them, and both images compared.

Each scenario is a folder of `fixtures/builds`. The images that a test run asks for are built two
at a time, while the tests go on with those that are there; the tests share them. So one process
is to run this module.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import uuid
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import pipslim
from pipslim.passes import IDS

from .bases import NEW_PIP_OLD_PYTHON, NOT_ROOT, PIP_9, PIP_18, SLIM, UNKNOWN_PIP_9
from .compare import (
    MEANT,
    MEANT_WITH_NEW_PIP,
    Comparison,
    Image,
    cached,
    compare,
    compare_configs,
    compiled,
    worth_keeping,
)
from .engine import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .compare import Rule
    from .engine import Engine

pytestmark = pytest.mark.builds

FIXTURES = Path(__file__).parents[2] / "fixtures" / "builds"

BYTECODE = ("PYTHONDONTWRITEBYTECODE",)
CONF = ("global.no-cache-dir='True'", "install.compile='no'")
CONF_FOR_OLD_PIP = ("global.no-cache-dir='false'", "install.compile='no'")
CONF_WITH_CACHE = ("install.compile='no'",)

# `python -m venv` runs `python -I -m ensurepip`, which heeds neither the variable nor the conf.
BY_ENSUREPIP = (
    r"^/venv/lib/python3\.\d+/site-packages/"
    r"(?:(?:pip|setuptools|pkg_resources|_distutils_hack)/|__pycache__/easy_install\.)"
)
BY_ISOLATED_PYTHON = rf"^/usr/local/lib/python3\.\d+/(?!site-packages/)|{BY_ENSUREPIP}"


class Scenario(NamedTuple):
    """A folder to build, and what the rewrite is to do to it.

    `parent` is a folder whose image the build gets as the argument PARENT. `pip` is the command to
    ask; `settings` are what its `config list` shows afterwards, or None where it has no such
    command. `upgraded` tells that an old pip becomes a new one. `compiled` fits the bytecode that
    nothing keeps from being written.
    """

    folder: str
    target: str | None = None
    arguments: Mapping[str, str] = {}
    base: str = SLIM
    parent: str = ""
    pip: str = "pip"
    added: tuple[str, ...] = BYTECODE
    settings: tuple[str, ...] | None = CONF
    upgraded: bool = False
    compiled: str = ""

    def __str__(self) -> str:
        names = [self.folder.replace("/", "-"), self.target or "", self.arguments.get("BASE", "")]
        return ":".join(filter(None, names))


SCENARIOS = (
    Scenario("plain"),
    Scenario("env-in-a-row"),
    Scenario("venv-copied-over", "builder", pip="/venv/bin/pip", compiled=BY_ISOLATED_PYTHON),
    Scenario("venv-copied-over", settings=(), compiled=BY_ENSUREPIP),
    Scenario("from-a-stage", "test"),
    Scenario("from-a-stage", "app"),
    Scenario("user-before"),
    Scenario("user-after"),
    Scenario(
        "user-of-the-base",
        base=NOT_ROOT,
        added=(*BYTECODE, "PIP_NO_CACHE_DIR", "PIP_COMPILE"),
        settings=(":env:.compile='0'", ":env:.no-cache-dir='1'"),
    ),
    Scenario("old-pip-18", base=PIP_18, upgraded=True),
    Scenario("old-pip-9", base=PIP_9, upgraded=True),
    Scenario("base-by-arg", arguments={"BASE": SLIM}),
    Scenario("base-by-arg", arguments={"BASE": PIP_18}, base=PIP_18, upgraded=True),
    Scenario("pinned-old-pip", base=NEW_PIP_OLD_PYTHON, settings=None),
    Scenario("packaged-project", base=UNKNOWN_PIP_9, settings=None),
    Scenario("option-taken-out", base=PIP_9, settings=None),
    Scenario(
        "venv-with-old-pip",
        base=NEW_PIP_OLD_PYTHON,
        pip="/venv/bin/pip",
        settings=CONF_FOR_OLD_PIP,
        compiled=BY_ISOLATED_PYTHON,
    ),
    Scenario("pep-517"),
    Scenario("cache-mount", settings=CONF_WITH_CACHE),
    Scenario("cache-purge"),
    Scenario("cache-purge-alone"),
    Scenario("rm-without-force"),
    Scenario("heredoc"),
    Scenario("exec-form"),
    Scenario("in-constructs", "wheels"),
    Scenario("in-constructs"),
    Scenario("onbuild", "parent"),
    Scenario("onbuild"),
    Scenario("onbuild-image/child", parent="onbuild-image/parent"),
    Scenario("escape-backtick"),
    Scenario("crlf"),
    Scenario("bash-pipefail"),
    # somebody's own settings, which are left as they are
    Scenario(
        "own-pip-conf",
        settings=("global.timeout='42'",),
        compiled=r"^/usr/local/lib/python3\.11/site-packages/(?!pip/)",
    ),
)


def _scenario(folder: str) -> Scenario:
    return next(each for each in SCENARIOS if each.folder == folder)


class Seen(NamedTuple):
    """An image and what commands in it print: its own, `pip freeze`, `pip config list`."""

    image: Image
    program: str
    freeze: str
    settings: str


class Pair(NamedTuple):
    """What a scenario gave before and after the rewrite."""

    before: Seen
    after: Seen


# -- texts --------------------------------------------------------------------------------------


def _text(folder: str) -> str:
    return (FIXTURES / folder / "Dockerfile").read_bytes().decode()


def _fixed(text: str, without: Sequence[str] = ()) -> str:
    outcome = pipslim.rewrite(text, pipslim.Choice(frozenset(IDS) - frozenset(without)))
    assert outcome.problem is None
    return outcome.after


# -- builds -------------------------------------------------------------------------------------


class Builds:
    """Both images of each scenario that was asked for, built by a few threads."""

    def __init__(self, engine: Engine, scenarios: Sequence[Scenario]) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(2)
        self._pairs: dict[str, Future[Pair]] = {
            str(scenario): self._pool.submit(self._pair, scenario) for scenario in scenarios
        }

    def pair(self, scenario: Scenario) -> Pair:
        """Give what a scenario gave. Raises BuildFailed."""
        return self._pairs[str(scenario)].result()

    def close(self) -> None:
        """Let go of what is not built yet."""
        self._pool.shutdown(cancel_futures=True)

    def _pair(self, scenario: Scenario) -> Pair:
        texts = [_text(scenario.folder), _fixed(_text(scenario.folder))]
        parents = ["", ""]
        if scenario.parent:
            parents = [_text(scenario.parent), _fixed(_text(scenario.parent))]
        return Pair(*map(self._seen, [scenario] * 2, texts, parents))

    def _seen(self, scenario: Scenario, text: str, parent: str) -> Seen:
        engine = self._engine
        arguments = dict(scenario.arguments)
        if parent:
            image = engine.build(FIXTURES / scenario.parent, {"Dockerfile": parent})
            arguments["PARENT"] = f"built-by-tests:parent-{uuid.uuid4().hex}"
            engine.tag(image, arguments["PARENT"])
        image = engine.build(
            FIXTURES / scenario.folder,
            {"Dockerfile": text},
            target=scenario.target,
            build_args=arguments,
        )
        config = engine.config(image)
        command = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
        program = engine.run(image, command)
        assert program.returncode == 0, program.stderr
        script = f"set -e; {scenario.pip} freeze; echo --; {scenario.pip} config list || :"
        asked = engine.run(image, ["sh", "-c", script])
        assert asked.returncode == 0, asked.stderr
        freeze, _, settings = asked.stdout.partition("--\n")
        return Seen(
            Image(config, engine.files(image, worth_keeping)),
            program.stdout + program.stderr,
            freeze,
            settings,
        )


@pytest.fixture(scope="module")
def builds(
    request: pytest.FixtureRequest, engine: Engine, bases: Mapping[str, str]
) -> Iterator[Builds]:
    """Build the scenarios of the tests that run, in their order."""
    asked = {}
    for item in request.session.items:
        parameters = (
            item.callspec.params
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else {}
        )
        scenario = parameters.get("scenario")
        if isinstance(scenario, Scenario) and scenario.base not in bases:
            asked[str(scenario)] = scenario
    made = Builds(engine, list(asked.values()))
    yield made
    made.close()


@pytest.fixture(params=SCENARIOS, ids=str)
def scenario(request: pytest.FixtureRequest, bases: Mapping[str, str]) -> Scenario:
    """Give each scenario, or skip where its base image can't be had."""
    found: Scenario = request.param
    if found.base in bases:
        pytest.skip(bases[found.base])
    return found


# -- what is the same, and what is gone ---------------------------------------------------------


def test_the_program_prints_the_same(builds: Builds, scenario: Scenario) -> None:
    before, after = builds.pair(scenario)
    assert after.program == before.program


def test_the_same_is_installed(builds: Builds, scenario: Scenario) -> None:
    before, after = builds.pair(scenario)
    assert after.freeze == before.freeze


def test_the_configuration_is_the_same(builds: Builds, scenario: Scenario) -> None:
    before, after = builds.pair(scenario)
    assert compare_configs(before.image.config, after.image.config, scenario.added) == []


def test_every_file_is_the_same(builds: Builds, scenario: Scenario) -> None:
    comparison = _compare(builds.pair(scenario), scenario)
    assert [str(difference) for difference in comparison.unexplained] == []


def test_no_cache_is_left(builds: Builds, scenario: Scenario) -> None:
    assert cached(builds.pair(scenario).after.image.files) == []


def test_no_bytecode_is_left(builds: Builds, scenario: Scenario) -> None:
    found = compiled(builds.pair(scenario).after.image.files)
    if scenario.compiled:
        assert found
        found = [path for path in found if not re.search(scenario.compiled, path)]
    assert found == []


def test_pip_has_the_settings(builds: Builds, scenario: Scenario) -> None:
    after = builds.pair(scenario).after
    if scenario.settings is None:
        assert not after.settings
        return
    # what else is in the environment is how a machine reaches its index
    shown = [
        line
        for line in after.settings.splitlines()
        if not line.startswith((":env:.cert=", ":env:.index-url="))
    ]
    assert sorted(shown) == sorted(scenario.settings)


def _compare(pair: Pair, scenario: Scenario) -> Comparison:
    rules = MEANT_WITH_NEW_PIP if scenario.upgraded else MEANT
    return compare(pair.before.image.files, pair.after.image.files, rules)


@pytest.mark.parametrize(
    ("scenario", "rules"),
    [(_scenario("plain"), MEANT), (_scenario("old-pip-9"), MEANT_WITH_NEW_PIP[len(MEANT) :])],
    ids=["new-pip", "old-pip"],
    indirect=["scenario"],
)
def test_every_rule_of_the_comparison_is_needed(
    builds: Builds, scenario: Scenario, rules: Sequence[Rule]
) -> None:
    explained = _compare(builds.pair(scenario), scenario).explained
    assert [rule.name for rule in rules if not explained[rule.name]] == []


# -- the comparison itself ----------------------------------------------------------------------


@pytest.mark.parametrize("scenario", [_scenario("plain")], ids=str, indirect=True)
def test_two_builds_of_one_file_differ_in_cache_and_bytecode_alone(
    engine: Engine, builds: Builds, scenario: Scenario
) -> None:
    again = engine.build(FIXTURES / scenario.folder, anew=True)
    before = builds.pair(scenario).before.image
    comparison = compare(before.files, engine.files(again, worth_keeping))
    assert not comparison.unexplained
    assert {name for name, paths in comparison.explained.items() if paths} <= {"cache", "bytecode"}
    assert compare_configs(before.config, engine.config(again), added=()) == []


@pytest.mark.parametrize("scenario", [_scenario("plain")], ids=str, indirect=True)
def test_the_comparison_sees_each_change(
    engine: Engine, builds: Builds, scenario: Scenario
) -> None:
    text = _fixed(_text(scenario.folder)) + (
        "RUN chmod 600 app.py && echo >> /usr/local/lib/python3.11/site-packages/flask/app.py \\\n"
        " && rm /usr/local/bin/flask && mkdir /tmp/.pip && ln -sfn /tmp /usr/local/bin/python3 \\\n"
        " && chown 7 /etc/hostname /srv/app && sed -i '1s/[^/]*,/x&/' \\\n"
        "    /usr/local/lib/python3.11/site-packages/flask-*.dist-info/RECORD\n"
        "USER nobody\nENV APP_HOME=/ NEW=1\nCMD app.py\n"
    )
    changed = engine.build(FIXTURES / scenario.folder, {"Dockerfile": text})
    before = builds.pair(scenario).before.image
    seen = compare(before.files, engine.files(changed, worth_keeping)).unexplained
    assert [str(difference).partition(" ")[0] for difference in seen] == [
        "/srv/app:",
        "/srv/app/app.py:",
        "/tmp/.pip:",
        "/usr/local/bin/flask:",
        "/usr/local/bin/python3:",
        "/usr/local/lib/python3.11/site-packages/flask-3.0.3.dist-info/RECORD:",
        "/usr/local/lib/python3.11/site-packages/flask/app.py:",
    ]
    keys = compare_configs(before.config, engine.config(changed), added=BYTECODE)
    assert [line.partition(":")[0] for line in keys] == ["Cmd", "Env", "User"]


# -- why the rewrite is as it is ----------------------------------------------------------------


@pytest.mark.parametrize(
    "scenario", [_scenario("old-pip-18"), _scenario("old-pip-9")], ids=str, indirect=True
)
def test_settings_ahead_of_the_upgrade_would_break_the_build(
    engine: Engine, scenario: Scenario
) -> None:
    lines = _fixed(_text(scenario.folder)).splitlines(keepends=True)
    upgrade = next(at for at, line in enumerate(lines) if "--upgrade 'pip" in line)
    conf = next(at for at, line in enumerate(lines) if "> /etc/pip.conf" in line)
    assert upgrade < conf
    engine.build("".join(lines))
    lines[upgrade], lines[conf] = lines[conf], lines[upgrade]
    # the flag takes precedence over the setting that this pip cannot read
    engine.build("".join(lines))
    with pytest.raises(BuildFailed, match="Traceback"):
        engine.build("".join(lines).replace(" --no-cache-dir", ""))
    with pytest.raises(BuildFailed, match="Traceback"):
        engine.build("".join([*lines[:conf], *lines[conf + 1 :]]).replace(" --no-cache-dir", ""))


@pytest.mark.parametrize("scenario", [_scenario("pep-517")], ids=str, indirect=True)
def test_the_flag_alone_leaves_the_cache_of_build_requirements(
    engine: Engine, builds: Builds, scenario: Scenario
) -> None:
    text = _text(scenario.folder)
    flag_alone = _fixed(text, without=["pip-conf"])
    assert "pip install --no-cache-dir ." in flag_alone
    assert "pip.conf" not in flag_alone
    image = engine.build(FIXTURES / scenario.folder, {"Dockerfile": flag_alone})
    files = engine.files(image)
    leaked = cached(files)
    assert sum(files[path].size for path in leaked) > 1_000_000  # setuptools is among them
    assert len(leaked) < len(cached(builds.pair(scenario).before.image.files))


@pytest.mark.parametrize("scenario", [_scenario("cache-mount")], ids=str, indirect=True)
def test_a_cache_mount_goes_on_serving(engine: Engine, scenario: Scenario) -> None:
    # a mount of its own, empty at first
    text = _fixed(_text(scenario.folder)).replace("id=pip", f"id={uuid.uuid4().hex}")
    with_flag = text.replace("pip install", "pip install --no-cache-dir")
    no_mount = re.sub(r"--mount=\S+ ", "", with_flag)
    assert len({text, with_flag, no_mount}) == 3

    def build(text: str) -> tuple[str, list[str]]:
        """Give the image, and the files that pip fetched from the index."""
        log = _index_log()
        before = log.stat().st_size if log is not None else 0
        image = engine.build(text, build_args={"BUST": uuid.uuid4().hex})
        said = re.findall(r"Downloading \S*(?:pytz|tzdata)-\S+", engine.output(image))
        if log is not None:
            # no other test asks for these
            added = log.read_bytes()[before:].decode()
            served = re.findall(r"(?m)^GET /files/(?:pytz|tzdata)-", added)
            assert len(served) == len(said)
        return image, said

    image, fetched = build(text)
    assert len(fetched) == 2
    image, fetched = build(text)
    assert fetched == []
    assert len(build(with_flag)[1]) == 2  # so the flag would defeat the mount
    assert engine.inspect(image)["Size"] == engine.inspect(build(no_mount)[0])["Size"]


def _index_log() -> Path | None:
    """Find the access log of a package index beside the engine's socket."""
    socket = os.environ.get("DOCKER_HOST", "").removeprefix("unix://")
    log = Path(socket).parent / "index" / "access.log"
    return log if log.is_file() else None


def test_bytecode_that_a_wheel_ships_stays(engine: Engine, bases: Mapping[str, str]) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    name = "shipped-1.0-py3-none-any.whl"
    text = f"FROM {SLIM}\nCOPY {name} /\nRUN pip install /{name}\n"
    wheel = _wheel({"shipped/__init__.py": b"", "shipped/__init__.pyc": b"not really bytecode"})
    images = [
        engine.build(each, {"shipped-1.0-py3-none-any.whl": wheel}) for each in (text, _fixed(text))
    ]
    before, after = (engine.files(image, worth_keeping) for image in images)
    assert compare(before, after).unexplained == []
    assert [path for path in after if path.endswith("/shipped/__init__.pyc")]
    assert compiled(after) == []


def _wheel(files: Mapping[str, bytes]) -> bytes:
    """Make a wheel of the project `shipped`."""
    folder = "shipped-1.0.dist-info"
    files = {
        **files,
        f"{folder}/METADATA": b"Metadata-Version: 2.1\nName: shipped\nVersion: 1.0\n",
        f"{folder}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{folder}/RECORD,,"]
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(content)}")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(f"{folder}/RECORD", "\n".join(rows) + "\n")
    return made.getvalue()


def test_a_build_that_fails_goes_on_failing_for_the_same_reason(
    engine: Engine, bases: Mapping[str, str]
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    reasons = []
    text = _text("build-fails")
    for each in (text, _fixed(text)):
        with pytest.raises(BuildFailed) as failed:
            engine.build(FIXTURES / "build-fails", {"Dockerfile": each})
        reasons.append(re.findall(r"(?m)^#\d+ [\d.]+ (ERROR: .*)$", failed.value.output))
    assert reasons[0]
    assert reasons[1] == reasons[0]


def test_the_windows_newlines_of_a_file_stay() -> None:
    text = _text("crlf")
    assert text.count("\r\n") == text.count("\n") > 1
    fixed = _fixed(text)
    assert fixed.count("\r\n") == fixed.count("\n")


def test_each_folder_is_a_scenario() -> None:
    folders = {path.parent.relative_to(FIXTURES) for path in FIXTURES.glob("**/Dockerfile")}
    used = {Path(name) for each in SCENARIOS for name in (each.folder, each.parent) if name}
    assert folders == {*used, Path("build-fails")}
