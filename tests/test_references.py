"""Discovery by references: Dockerfiles that other files name, whatever their own names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

import pytest
from alone import alone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipslim.carriers.references import BY_KIND, looks_like_one
from pipslim.files.find import Search, find
from pipslim.files.names import is_told_by_name, referrer
from pipslim.options import Arguments
from pipslim.runner.found import jobs
from pipslim.settings.book import Book

if TYPE_CHECKING:
    from collections.abc import Callable

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
posix = pytest.mark.skipif(sys.platform == "win32", reason="no links there")

ONE = "FROM python:3.12\nRUN pip install flask\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one, and a git that knows no settings."""
    return alone(tmp_path, monkeypatch)


def put(files: dict[str, str]) -> None:
    """Write files, with the folders they are in."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


def git(*words: str) -> None:
    """Run git in the current folder."""
    subprocess.run(["git", *words], check=True, capture_output=True)


def found(
    *paths: str,
    carriers: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    gitignore: bool = True,
    since: str = "",
) -> list[str]:
    """Give the files that a run rewrites."""
    arguments = Arguments(
        paths,
        isolated=True,
        carriers=carriers,
        include=include,
        exclude=exclude,
        gitignore=None if gitignore else False,
        since=since,
    )
    unread: list[str] = []
    names = [job.path.replace(os.sep, "/") for job in jobs(Book(arguments), unread)]
    assert unread == []
    return names


def composed(*paths: str) -> str:
    """Give a compose file that names Dockerfiles."""
    services = [f"  s{at}: {{build: {{dockerfile: {path}}}}}\n" for at, path in enumerate(paths)]
    return "services:\n" + "".join(services)


COMPOSE = "services: {web: {build: {context: app, dockerfile: web.docker}}}\n"

# -- what each kind of file names ------------------------------------------------------------------

NAMED = {
    "compose: a Dockerfile is seen from its context, that from the file": (
        "deploy/compose.yaml",
        """\
services:
  web:
    build:
      context: ../app
      dockerfile: docker/web.docker
""",
        ["app/docker/web.docker"],
        ["web.docker", "deploy/docker/web.docker", "deploy/web.docker"],
    ),
    "compose: without a context it is the folder of the file": (
        "compose.yaml",
        """\
services: {web: {build: {dockerfile: ./web}}}
""",
        ["web"],
        [],
    ),
    "compose: above its context": (
        "compose_gpu.yaml",
        """\
services: {web: {build: {context: "app", dockerfile: "../images/gpu"}}}
""",
        ["images/gpu"],
        ["app/images/gpu"],
    ),
    "compose: a short form has no name": (
        "docker-compose.yml",
        """\
services: {web: {build: ./web.docker}}
""",
        [],
        ["web.docker"],
    ),
    "compose: an extension, an alias and a merge": (
        "compose.yml",
        """\
x-build: &b
  context: app
  dockerfile: a.docker
services:
  web:
    build: *b
  api:
    build:
      <<: *b
      dockerfile: b.docker
""",
        ["app/a.docker", "app/b.docker"],
        ["a.docker"],
    ),
    "compose: a target and more contexts name none": (
        "compose.yml",
        """\
services: {web: {build: {dockerfile: a, target: b, additional_contexts: {c: d}}}}
""",
        ["a"],
        ["b", "c", "d"],
    ),
    "compose: as JSON, and as a block": (
        "compose.yml",
        """\
{"services": {"web": {"build": {"dockerfile": "a"}}, "api": {"build":
 {"dockerfile":
 "b"}}}}
""",
        ["a", "b"],
        [],
    ),
    "compose: a folded name": (
        "compose.yml",
        """\
services:
  web:
    build:
      dockerfile: >-
        images/web
""",
        ["images/web"],
        [],
    ),
    "compose: filled in later, elsewhere, absolute": (
        "compose.yml",
        """\
services:
  a: {build: {dockerfile: '${NAME:-web}'}}
  b: {build: {context: '${C}', dockerfile: web}}
  c: {build: {context: 'https://example.org/x.git', dockerfile: web}}
  d: {build: {context: 'git@example.org:x', dockerfile: web}}
  e: {build: {dockerfile: /web}}
""",
        [],
        ["web"],
    ),
    "compose: extends, which is no Dockerfile": (
        "compose.yml",
        """\
services: {web: {extends: {file: common.yml, service: base}}}
""",
        [],
        ["common.yml"],
    ),
    "bake: HCL": (
        "docker-bake.hcl",
        """\
target "web" {
  context = "app"
  dockerfile = "web.docker"
}
target "api" {
  dockerfile = "images/api"
}
""",
        ["app/web.docker", "images/api"],
        ["web.docker"],
    ),
    "bake: a context by inheritance": (
        "docker-bake.hcl",
        """\
target "_base" {
  context = "app"
}
target "web" {
  inherits = ["_base"]
  dockerfile = "web.docker"
}
""",
        ["app/web.docker"],
        ["web.docker"],
    ),
    "bake: a circle of inheritance": (
        "docker-bake.hcl",
        """\
target "a" {
  inherits = ["b"]
  dockerfile = "x"
}
target "b" {
  inherits = ["a"]
}
""",
        ["x"],
        [],
    ),
    "bake: JSON, called at the top": (
        "ci/docker-bake.json",
        """\
{"target": {"web": {"context": "app", "dockerfile": "web.docker"}}}
""",
        ["app/web.docker"],
        ["web.docker"],
    ),
    "bake: with a hole": (
        "docker-bake.hcl",
        """\
target "web" {
  dockerfile = "${DIR}/web"
}
target "api" {
  dockerfile = NAME
}
""",
        [],
        ["web", "NAME"],
    ),
    "devcontainer: seen from its folder, with comments": (
        ".devcontainer/devcontainer.json",
        """\
{ // here
  "name": "a // b", /* and
 here */
  "build": {"dockerfile": "../images/dev", "context": "..",},
}
""",
        ["images/dev"],
        [".devcontainer/images/dev"],
    ),
    "devcontainer: as it was once": (
        ".devcontainer.json",
        """\
{"dockerFile": "dev.docker", "context": "x"}
""",
        ["dev.docker"],
        ["x/dev.docker"],
    ),
    "workflow: seen from the top of the repository": (
        ".github/workflows/build.yml",
        """\
jobs:
  build:
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: app
          file: images/web
      - uses: codecov/codecov-action@v5
        with:
          file: other
""",
        ["images/web"],
        ["app/images/web", "other"],
    ),
    "workflow: a folder of git's context": (
        ".github/workflows/build.yaml",
        """\
jobs:
  build:
    steps:
      - uses: docker/build-push-action@v6
        with: {context: '{{defaultContext}}:app', file: web}
""",
        ["app/web"],
        ["web"],
    ),
    "workflow: filled in": (
        ".github/workflows/build.yml",
        """\
jobs: {build: {steps: [{uses: docker/build-push-action@v6, with: {file: '${{ matrix.file }}'}}]}}
""",
        [],
        ["web"],
    ),
    "action: its image": (
        "tools/lint/action.yml",
        """\
runs:
  using: docker
  image: lint.docker
""",
        ["tools/lint/lint.docker"],
        ["lint.docker"],
    ),
    "action: an image that is not built": (
        "action.yml",
        """\
runs:
  using: docker
  image: docker://alpine
""",
        [],
        ["alpine"],
    ),
    "skaffold: seen from the artifact's context": (
        "skaffold.yaml",
        """\
build:
  artifacts:
    - image: a
      context: app
      docker:
        dockerfile: web.docker
    - image: b
      kaniko:
        dockerfile: images/b
    - image: c
      context: c
      custom:
        dependencies:
          dockerfile:
            path: c.docker
""",
        ["app/web.docker", "images/b", "c/c.docker"],
        ["web.docker", "c.docker"],
    ),
    "cloudbuild: seen from the step's folder": (
        "cloudbuild.yaml",
        """\
steps:
  - name: gcr.io/cloud-builders/docker
    dir: app
    args: ['build', '-f', 'web.docker', '.']
  - name: gcr.io/kaniko-project/executor
    args: [--dockerfile=images/api, --destination=x]
  - name: bash
    script: |
      docker build -t x \\
        --file images/web .
""",
        ["app/web.docker", "images/api", "images/web"],
        ["web.docker"],
    ),
    "cloudbuild: in a folder, for the whole tree": (
        "ci/cloudbuild-web.yaml",
        """\
steps: [{name: docker, args: [build, --file=images/web, .]}]
""",
        ["images/web"],
        [],
    ),
    "buildspec: what is built": (
        "buildspec.yml",
        """\
phases:
  build:
    commands:
      - docker build -t x -f images/web . && tail -f log
      - docker buildx build --file="images/api" .
      - docker build -f $NAME .
      - rm -f other
""",
        ["images/web", "images/api"],
        ["log", "other"],
    ),
    "tekton: parameters and arguments": (
        ".tekton/pull.yaml",
        """\
spec:
  params:
    - name: path-context
      value: app
    - name: dockerfile
      value: web.docker
  steps:
    - args: ['--dockerfile=images/api']
    - args: [--dockerfile, images/b, --context=x]
""",
        ["app/web.docker", "web.docker", "images/api", "images/b"],
        ["x/images/b"],
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_file_that_is_named_is_found(case: str) -> None:
    name, content, named, others = NAMED[case]
    put(dict.fromkeys([*named, *others], ONE))
    assert found() == []
    put({name: content})
    assert sorted(found()) == sorted(named)


def test_they_come_in_the_order_of_a_walk() -> None:
    put(dict.fromkeys(["Dockerfile", "a/x", "a/Dockerfile", "a/b/Dockerfile", "zz"], ONE))
    put({"q/compose.yml": composed("../a/x", "../zz")})
    assert found() == ["Dockerfile", "zz", "a/Dockerfile", "a/x", "a/b/Dockerfile"]


# -- what is not read ------------------------------------------------------------------------------


def test_no_carriers_no_references() -> None:
    put({"compose.yml": COMPOSE, "app/web.docker": ONE})
    assert found() == ["app/web.docker"]
    assert found(carriers=("bake",)) == ["app/web.docker"]
    assert found(carriers=("none",)) == []


def test_files_that_are_named_on_the_command_line_name_nothing() -> None:
    put({"compose.yml": COMPOSE, "app/web.docker": ONE})
    assert found("compose.yml") == ["compose.yml"]
    assert found("app/web.docker") == ["app/web.docker"]
    assert found("app/web.docker", ".") == ["app/web.docker"]


def test_what_is_no_dockerfile() -> None:
    named = {
        "a": "name: x\n", "b": "from x import y\n", "c": "",
        "d": "# syntax=example/frontend\nkey: 1\n",
        "e": "# a\n\nARG TAG\nFROM x:${TAG}\n", "f": "from alpine\n", "g": "\ufefffrom alpine\r\n",
    }  # fmt: skip
    put(named)
    put({"compose.yml": composed(*named)})
    assert found() == ["e", "f", "g"]
    assert not looks_like_one(b" " * 100_000)
    assert not looks_like_one(b"#\n" * 100_000)


def test_a_name_that_says_what_it_is_stays_that() -> None:
    put({"compose.yml": composed("a.md", "x.dockerignore", "Dockerfile.j2")})
    put({"a.md": ONE, "x.dockerignore": ONE, "Dockerfile.j2": f"{ONE}ENV A={{{{ a }}}}\n"})
    book = Book(Arguments((), isolated=True))
    assert [(job.path, job.carrier) for job in jobs(book, [])] == [("Dockerfile.j2", "template")]


def test_a_file_is_read_once() -> None:
    put({
        "compose.yml": composed("x", "./a/../x", "y.inc"),
        "docker-bake.hcl": 'target "a" {\n  dockerfile = "x"\n}\n', "x": ONE, "y.inc": ONE,
    })  # fmt: skip
    assert found() == ["x", "y.inc"]
    assert found(include=("*.inc",)) == ["x", "y.inc"]
    assert found(".", "../here") == ["x", "y.inc"]


@pytest.mark.parametrize("in_git", [pytest.param(True, marks=needs_git), False])
def test_what_is_left_out_otherwise_is_left_out_here(in_git: bool) -> None:
    put({
        "sub/compose.yml": composed(
            "../up", "ignored", "skipped", "venv/x", "env/x", "gone", "dir", "kept", "../../above"
        ),
        "sub/.gitignore": "ignored\n", "sub/env/pyvenv.cfg": "", "sub/dir/x": ONE, "../above": ONE,
        **dict.fromkeys(["up", "sub/ignored", "sub/skipped", "sub/venv/x", "sub/env/x"], ONE),
        "sub/kept": ONE,
    })  # fmt: skip
    if in_git:
        git("init", "-q")
    assert found(exclude=("skipped",)) == ["up", "sub/kept"]
    assert found("sub", exclude=("skipped",)) == ["sub/kept"]
    assert found("sub", exclude=("/sub/compose.yml",)) == []
    assert found(gitignore=False) == ["up", "sub/ignored", "sub/kept", "sub/skipped"]


@pytest.mark.parametrize("in_git", [pytest.param(True, marks=needs_git), False])
def test_what_is_not_looked_into_names_nothing(in_git: bool) -> None:
    put({"env/pyvenv.cfg": "", "env/compose.yml": composed("../x"), "x": ONE})
    put({"node_modules/compose.yml": composed("../x"), ".gitignore": "ignored/\n"})
    put({"ignored/compose.yml": composed("../x")})
    if in_git:
        git("init", "-q")
    assert found() == []
    put({"other/compose.yml": composed("../x")})
    assert found() == ["x"]


class _All:
    """What takes all that is named."""

    def read(self, path: str, kind: str) -> list[tuple[str, str]]:
        return [("skipped", ""), ("kept", "")]

    def may(self, path: str) -> bool:
        return True

    def take(self, path: str, kind: str) -> bool:
        return True


def test_a_search_leaves_out_what_it_is_told_to() -> None:
    put({"compose.yml": "", "skipped": ONE, "kept": ONE})
    search = Search(exclude=("skipped",), hosts=("bake",))
    assert list(find(["."], lambda folder: search, print, _All())) == ["kept"]
    search = Search(exclude=("compose.yml",), hosts=("bake",))
    assert list(find(["."], lambda folder: search, print, _All())) == []


def test_the_settings_exclude_the_file_or_who_names_it() -> None:
    put({"compose.yml": COMPOSE, "app/web.docker": ONE})

    def read(settings: str) -> list[str]:
        put({"pipslim.toml": settings})
        return [job.path for job in jobs(Book(Arguments(())), [])]

    assert read("") == [str(Path("app/web.docker"))]
    assert read('exclude = ["app/"]\n') == []
    assert read('exclude = ["compose.yml"]\n') == []
    assert read("carriers = []\n") == []
    assert read('carriers = ["template"]\n') == [str(Path("app/web.docker"))]
    put({"app/pipslim.toml": 'exclude = ["*.docker"]\n'})
    assert read("") == []


@posix
@pytest.mark.parametrize("in_git", [pytest.param(True, marks=needs_git), False])
def test_links(in_git: bool) -> None:
    put({
        "compose.yml": composed("out", "in", "folder/x", "x/x", "broken"),
        "x/x": ONE, "../outside": ONE,
    })  # fmt: skip
    for name, target in (("out", "../outside"), ("in", "x/x"), ("folder", "x"), ("broken", "no")):
        Path(name).symlink_to(target)
    if in_git:
        git("init", "-q")
    assert found() == ["x/x"]
    put({"compose.yml": composed("in")})
    assert found() == ["in"]


@needs_git
def test_paths_are_seen_from_the_top_of_the_work_tree() -> None:
    put({
        "a/b/docker-bake.hcl": 'target "a" {\n  dockerfile = "a/b/x"\n}\n', "a/b/x": ONE,
        "a/b/compose.yml": composed("../../a/b/y"), "a/b/y": ONE,
    })  # fmt: skip
    assert found("a/b") == ["a/b/y"]
    git("init", "-q")
    assert found("a/b") == ["a/b/x", "a/b/y"]


@needs_git
def test_each_work_tree_has_its_own() -> None:
    put({
        "one/compose.yml": composed("x", "../two/x"), "compose.yml": composed("two/x", "z"),
        "one/x": ONE, "two/x": ONE, "z": ONE, "three/Dockerfile": ONE,
    })  # fmt: skip
    for name in ("one", "two"):
        git("init", "-q", name)
    assert found() == ["z", "one/x", "three/Dockerfile"]


@needs_git
def test_since_a_revision_who_names_it_need_not_differ() -> None:
    put({"compose.yml": COMPOSE, "app/web.docker": ONE, "app/api.docker": ONE, "Dockerfile": ONE})
    git("init", "-q")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "a")
    assert found(since="HEAD") == []
    put({"app/web.docker": f"# new\n{ONE}", "app/api.docker": f"# new\n{ONE}", "notes": "new\n"})
    assert found(since="HEAD") == ["app/web.docker"]
    put({"Dockerfile": f"# new\n{ONE}"})
    assert found(since="HEAD") == ["Dockerfile", "app/web.docker"]


# -- compose files that are named ------------------------------------------------------------------

INLINE = """services:
  web:
    build:
      dockerfile: web.docker
      dockerfile_inline: |
        FROM python:3.12
        RUN pip install flask
"""


@pytest.mark.parametrize("naming", [
    "include:\n  - parts/web.yml\n",
    "include: [parts/web.yml]\n",
    "include:\n  - path: parts/web.yml\n    project_directory: .\n",
    "include:\n  - path: [parts/web.yml, parts/none.yml]\n",
    "services: {web: {extends: {file: parts/web.yml, service: web}}}\n",
])  # fmt: skip
def test_a_compose_file_that_is_named_is_a_host(naming: str) -> None:
    put({"compose.yml": naming, "parts/web.yml": INLINE, "parts/web.docker": ONE})
    book = Book(Arguments((), isolated=True))
    kinds = [(job.path.replace(os.sep, "/"), job.carrier) for job in jobs(book, [])]
    assert kinds == [("parts/web.docker", ""), ("parts/web.yml", "compose")]
    assert found(carriers=("bake",)) == ["parts/web.docker"]
    assert found("parts") == []


def test_a_devcontainer_names_compose_files() -> None:
    put({".devcontainer/devcontainer.json": '{"dockerComposeFile": ["../dev.yml", "x.yml"]}\n'})
    put({"dev.yml": INLINE, "web.docker": ONE})
    assert found() == ["dev.yml", "web.docker"]


def test_compose_files_that_include_each_other() -> None:
    put({"compose.yml": "include: [a.yml]\n", "a.yml": "include: [b.yml, compose.yml]\n"})
    put({"b.yml": f"include: [a.yml, b.yml]\n{INLINE}", "web.docker": ONE})
    assert found() == ["b.yml", "web.docker"]


# -- files that are broken, or made to be slow -----------------------------------------------------

BOMB = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + above] * 9)}]\n"
    for above, name in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
)
MERGES = "a: &a {build: {dockerfile: x}}\n" + "".join(
    f"{name}: &{name}\n  <<: [{', '.join(['*' + above] * 9)}]\n  k{name}: 1\n"
    for above, name in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
)
BROKEN = {
    "no YAML": "services: [\n  dockerfile: x\n",
    "a template": "{{- if .Values.x }}\nbuild: {dockerfile: x}\n{{- end }}\n",
    "a bad alias": "services: {a: {build: {dockerfile: *x}}}\n",
    "no text": "\x00 dockerfile: x\n",
    "deep": "dockerfile: " + "[" * 100_000,
    "deep, closed": "dockerfile: " + "[" * 20_000 + "]" * 20_000,
    "deep by indentation": "dockerfile: x\n" + "".join(f"{' ' * at}a:\n" for at in range(2_000)),
    "deep by dashes": "dockerfile: x\na:\n" + "- " * 50_000,
    "a circle": "services: &a {build: {dockerfile: y, context: *a}, b: *a, <<: *a}\n",
    "other kinds": "build: [dockerfile]\nservices: dockerfile:\ninclude: {path: {a: b}}\n",
    "a list": "- dockerfile: x\n- include\n",
    "JSON without an end": '{"dockerFile": "x", "build": {"dockerfile": "x"',
    "deep JSON": '{"dockerFile": "x", "a": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "other JSON": '["dockerfile"]',
    "odd JSON": '{"build": ["dockerfile"], "dockerFile": 1, "dockerComposeFile": {"a": "b"}}',
    "a string without an end": '"' * 3 + "dockerfile /* " * 10_000,
    "no HCL": 'target "a" {\n  dockerfile = "x\n',
    "deep HCL": 'target "a" {\n  dockerfile = ' + "(" * 5_000 + '"x"' + ")" * 5_000 + "\n}\n",
    "blanks": "dockerfile" + " \n" * 100_000,
    "a bomb": BOMB + "dockerfile: x\n",
    "words of a build": "docker build " * 5_000 + "-f " * 5_000,
}
REFERRING = {
    "compose": "compose.yml",
    "bake": "docker-bake.hcl",
    "devcontainer": ".devcontainer.json",
    "workflow": ".github/workflows/a.yml",
    "action": "action.yml",
    "skaffold": "skaffold.yaml",
    "cloudbuild": "cloudbuild.yaml",
    "buildspec": "buildspec.yml",
    "tekton": ".tekton/a.yaml",
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("kind", BY_KIND)
def test_what_is_broken_names_nothing(kind: str, case: str) -> None:
    put({REFERRING[kind]: BROKEN[case] + "\n# docker/build-push-action@ -f file: image: build \n"})
    start = process_time()
    assert found() == []
    assert process_time() - start < 3


@pytest.mark.parametrize("kind", BY_KIND)
def test_what_is_no_text_names_nothing(kind: str) -> None:
    path = Path(REFERRING[kind])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"dockerfile: \xff\xfe\n# build-push-action file: docker image: -f  build \n")
    assert found() == []


def test_merges_of_merges_are_looked_up_once() -> None:
    put({"compose.yml": f"{MERGES}services:\n  web:\n    <<: *q\n", "x": ONE})
    start = process_time()
    assert found() == ["x"]
    assert process_time() - start < 3


# -- names -----------------------------------------------------------------------------------------


def test_each_kind_of_referrer_has_a_name() -> None:
    for kind, name in REFERRING.items():
        assert referrer(*_parted(name)) == kind
    assert REFERRING.keys() == BY_KIND.keys()
    for name in (
        "values.yaml", "workflows/a.yml", ".github/action.txt", "actions.yml",
        "x/devcontainer.jsonc", "tekton/a.yaml", ".tekton/a.json", ".github/workflows/sub/a.yml",
    ):  # fmt: skip
        assert not referrer(*_parted(name)), name


def _parted(path: str) -> tuple[str, str]:
    folders, _, name = path.rpartition("/")
    return folders, name


@pytest.mark.parametrize("kind", BY_KIND)
def test_what_names_no_other_files_is_not_parsed(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr("importlib.import_module", fail)
    usual = (
        b"include: build\nbuild: {dockerfile: Dockerfile}\n'dockerfile': \"app/Dockerfile.dev\"\n"
        b"dockerfile = \"a.Dockerfile\"\n  dockerfile: ${NAME}/x\nimage: docker://x\n"
        b"dockerComposeFile: compose.yml\ndockerFile: Containerfile\nuses: build-push-action\n"
        b"    file: ./Dockerfile\n"
    )  # fmt: skip
    text = usual.replace(b"include: build\n", b"")
    if kind == "tekton":
        text = b"image: x\n"
    assert BY_KIND[kind].of(text, is_told_by_name) == ()


# -- any tree --------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["a", "b", "x.docker", "compose.yml", "Dockerfile", ".gitignore", "inc.yml"]
)
FOLDERS = st.lists(st.sampled_from(["d", "e", "venv"]), max_size=2)
PATHS = st.builds(lambda folders, name: "/".join([*folders, name]), FOLDERS, NAMES)
UP = st.builds(lambda up, path: "../" * up + path, st.integers(0, 3), PATHS)
SERVICE = st.one_of(
    st.builds(lambda path: f"build: {{dockerfile: {path}}}", UP),
    st.builds(lambda at, path: f"build: {{context: {at}, dockerfile: {path}}}", UP, UP),
    st.builds(lambda path: f"extends: {{file: {path}}}", UP),
)
TEXTS = {
    "compose.yml": st.lists(SERVICE, max_size=4).map(
        lambda each: "services:\n" + "".join(f"  s{at}: {{{e}}}\n" for at, e in enumerate(each))
    ),
    ".gitignore": st.lists(st.one_of(NAMES, PATHS), max_size=2).map(
        lambda lines: "".join(f"{line}\n" for line in lines if "gitignore" not in line)
    ),
}  # fmt: skip


@st.composite
def trees(draw: Callable[[st.SearchStrategy[object]], object]) -> dict[str, str]:
    """Give files with their texts; none is where another has a folder."""
    paths = draw(st.lists(PATHS, max_size=12, unique=True))
    assert isinstance(paths, list)
    found: dict[str, str] = {}
    for path in paths:
        name = path.rpartition("/")[2].replace("inc.yml", "compose.yml")
        found[path] = str(draw(TEXTS[name])) if name in TEXTS else ONE
    return found


@needs_git
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(trees())
def test_git_and_a_walk_find_the_same(folder: Path, tree: dict[str, str]) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    os.chdir(folder)
    put(tree)
    walked = found()
    plain = found(carriers=("none",))
    git("init", "-q")
    assert found() == walked
    assert found(carriers=("none",)) == plain
    assert set(plain) <= set(walked)
    assert len(set(walked)) == len(walked)
    more = set(walked) - set(plain)
    assert more <= tree.keys(), "nothing outside"
    ignored = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], check=True, capture_output=True
    )
    assert more <= {os.fsdecode(each) for each in ignored.stdout.split(b"\0")}
