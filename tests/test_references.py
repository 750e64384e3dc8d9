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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipslim.carriers.references import BY_KIND, looks_like_one
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
    path = tmp_path / "here"
    path.mkdir()
    monkeypatch.chdir(path)
    for name in [each for each in os.environ if each.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    return path


def put(files: dict[str, str]) -> None:
    """Write files, with the folders they are in."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


def git(*words: str) -> None:
    """Run git in the current folder."""
    subprocess.run(["git", *words], check=True, capture_output=True)


def found(*paths: str, **told: object) -> list[str]:
    """Give the files that a run rewrites."""
    arguments = Arguments(paths)._replace(isolated=True, **told)
    unread: list[str] = []
    names = [job.path.replace(os.sep, "/") for job in jobs(Book(arguments), unread)]
    assert unread == []
    return names


COMPOSE = "services: {web: {build: {context: app, dockerfile: web.docker}}}\n"

# -- what each kind of file names ------------------------------------------------------------------

NAMED = {
    "compose: a Dockerfile is seen from its context, that from the file": (
        "deploy/compose.yaml",
        "services:\n  web:\n    build:\n      context: ../app\n      dockerfile: docker/web.docker\n",
        ["app/docker/web.docker"],
        ["web.docker", "deploy/docker/web.docker", "deploy/web.docker"],
    ),
    "compose: without a context it is the folder of the file": (
        "compose.yaml",
        "services: {web: {build: {dockerfile: ./web}}}\n",
        ["web"],
        [],
    ),
    "compose: above its context": (
        "compose_gpu.yaml",
        'services: {web: {build: {context: "app", dockerfile: "../images/gpu"}}}\n',
        ["images/gpu"],
        ["app/images/gpu"],
    ),
    "compose: a short form has no name": (
        "docker-compose.yml",
        "services: {web: {build: ./web.docker}}\n",
        [],
        ["web.docker"],
    ),
    "compose: an extension, an alias and a merge": (
        "compose.yml",
        "x-build: &b\n  context: app\n  dockerfile: a.docker\n"
        "services:\n  web:\n    build: *b\n  api:\n    build:\n      <<: *b\n      dockerfile: b.docker\n",
        ["app/a.docker", "app/b.docker"],
        ["a.docker"],
    ),
    "compose: a target and more contexts name none": (
        "compose.yml",
        "services: {web: {build: {dockerfile: a, target: b, additional_contexts: {c: d}}}}\n",
        ["a"],
        ["b", "c", "d"],
    ),
    "compose: as JSON, and as a block": (
        "compose.yml",
        '{"services": {"web": {"build": {"dockerfile": "a"}}, "api": {"build": {"dockerfile":\n "b"}}}}\n',
        ["a", "b"],
        [],
    ),
    "compose: a folded name": (
        "compose.yml",
        "services:\n  web:\n    build:\n      dockerfile: >-\n        images/web\n",
        ["images/web"],
        [],
    ),
    "compose: filled in later, elsewhere, absolute": (
        "compose.yml",
        "services:\n  a: {build: {dockerfile: '${NAME:-web}'}}\n  b: {build: {context: '${C}', dockerfile: web}}\n"
        "  c: {build: {context: 'https://example.org/x.git', dockerfile: web}}\n"
        "  d: {build: {context: 'git@example.org:x', dockerfile: web}}\n  e: {build: {dockerfile: /web}}\n",
        [],
        ["web"],
    ),
    "compose: extends, which is no Dockerfile": (
        "compose.yml",
        "services: {web: {extends: {file: common.yml, service: base}}}\n",
        [],
        ["common.yml"],
    ),
    "bake: HCL": (
        "docker-bake.hcl",
        'target "web" {\n  context = "app"\n  dockerfile = "web.docker"\n}\n'
        'target "api" {\n  dockerfile = "images/api"\n}\n',
        ["app/web.docker", "images/api"],
        ["web.docker"],
    ),
    "bake: a context by inheritance": (
        "docker-bake.hcl",
        'target "_base" {\n  context = "app"\n}\n'
        'target "web" {\n  inherits = ["_base"]\n  dockerfile = "web.docker"\n}\n',
        ["app/web.docker"],
        ["web.docker"],
    ),
    "bake: a circle of inheritance": (
        "docker-bake.hcl",
        'target "a" {\n  inherits = ["b"]\n  dockerfile = "x"\n}\ntarget "b" {\n  inherits = ["a"]\n}\n',
        ["x"],
        [],
    ),
    "bake: JSON, called at the top": (
        "ci/docker-bake.json",
        '{"target": {"web": {"context": "app", "dockerfile": "web.docker"}}}\n',
        ["app/web.docker"],
        ["web.docker"],
    ),
    "bake: with a hole": (
        "docker-bake.hcl",
        'target "web" {\n  dockerfile = "${DIR}/web"\n}\ntarget "api" {\n  dockerfile = NAME\n}\n',
        [],
        ["web", "NAME"],
    ),
    "devcontainer: seen from its folder, with comments": (
        ".devcontainer/devcontainer.json",
        '{ // here\n  "name": "a // b", /* and\n here */ "build": {"dockerfile": "../images/dev", "context": "..",},\n}\n',
        ["images/dev"],
        [".devcontainer/images/dev"],
    ),
    "devcontainer: as it was once": (
        ".devcontainer.json",
        '{"dockerFile": "dev.docker", "context": "x"}\n',
        ["dev.docker"],
        ["x/dev.docker"],
    ),
    "workflow: seen from the top of the repository": (
        ".github/workflows/build.yml",
        "jobs:\n  build:\n    steps:\n      - uses: docker/build-push-action@v6\n"
        "        with:\n          context: app\n          file: images/web\n"
        "      - uses: codecov/codecov-action@v5\n        with:\n          file: other\n",
        ["images/web"],
        ["app/images/web", "other"],
    ),
    "workflow: a folder of git's context": (
        ".github/workflows/build.yaml",
        "jobs: {build: {steps: [{uses: docker/build-push-action@v6,"
        " with: {context: '{{defaultContext}}:app', file: web}}]}}\n",
        ["app/web"],
        ["web"],
    ),
    "workflow: filled in": (
        ".github/workflows/build.yml",
        "jobs: {build: {steps: [{uses: docker/build-push-action@v6,"
        " with: {file: '${{ matrix.file }}'}}]}}\n",
        [],
        ["web"],
    ),
    "action: its image": (
        "tools/lint/action.yml",
        "runs:\n  using: docker\n  image: lint.docker\n",
        ["tools/lint/lint.docker"],
        ["lint.docker"],
    ),
    "action: an image that is not built": (
        "action.yml",
        "runs:\n  using: docker\n  image: docker://alpine\n",
        [],
        ["alpine"],
    ),
    "skaffold: seen from the artifact's context": (
        "skaffold.yaml",
        "build:\n  artifacts:\n    - image: a\n      context: app\n      docker:\n        dockerfile: web.docker\n"
        "    - image: b\n      kaniko:\n        dockerfile: images/b\n"
        "    - image: c\n      context: c\n      custom:\n        dependencies:\n          dockerfile:\n            path: c.docker\n",
        ["app/web.docker", "images/b", "c/c.docker"],
        ["web.docker", "c.docker"],
    ),
    "cloudbuild: seen from the step's folder": (
        "cloudbuild.yaml",
        "steps:\n  - name: gcr.io/cloud-builders/docker\n    dir: app\n    args: ['build', '-f', 'web.docker', '.']\n"
        "  - name: gcr.io/kaniko-project/executor\n    args: [--dockerfile=images/api, --destination=x]\n"
        "  - name: bash\n    script: |\n      docker build -t x \\\n        --file images/web .\n",
        ["app/web.docker", "images/api", "images/web"],
        ["web.docker"],
    ),
    "cloudbuild: in a folder, for the whole tree": (
        "ci/cloudbuild-web.yaml",
        "steps: [{name: docker, args: [build, --file=images/web, .]}]\n",
        ["images/web"],
        [],
    ),
    "buildspec: what is built": (
        "buildspec.yml",
        "phases:\n  build:\n    commands:\n      - docker build -t x -f images/web . && tail -f log\n"
        "      - docker buildx build --file=\"images/api\" .\n      - docker build -f $NAME .\n      - rm -f other\n",
        ["images/web", "images/api"],
        ["log", "other"],
    ),
    "tekton: parameters and arguments": (
        ".tekton/pull.yaml",
        "spec:\n  params:\n    - name: path-context\n      value: app\n    - name: dockerfile\n      value: web.docker\n"
        "  steps:\n    - args: ['--dockerfile=images/api']\n    - args: [--dockerfile, images/b, --context=x]\n",
        ["app/web.docker", "web.docker", "images/api", "images/b"],
        ["x/images/b"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED)
def test_a_file_that_is_named_is_found(case: str) -> None:
    name, content, named, others = NAMED[case]
    put(dict.fromkeys([*named, *others], ONE))
    assert found() == []
    put({name: content})
    assert sorted(found()) == sorted(named)


def test_they_come_in_the_order_of_a_walk() -> None:
    put(dict.fromkeys(["Dockerfile", "a/x", "a/Dockerfile", "a/b/Dockerfile", "zz"], ONE))
    put({"q/compose.yml": "services: {a: {build: {context: .., dockerfile: a/x}}, "
                          "b: {build: {dockerfile: ../zz}}}\n"})  # fmt: skip
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
        "a": "name: x\n", "b": "from x import y\n", "c": "", "d": "# syntax=example/frontend\nkey: 1\n",
        "e": "# a\n\nARG TAG\nFROM x:${TAG}\n", "f": "from alpine\n", "g": "\ufefffrom alpine\r\n",
    }  # fmt: skip
    put({name: text for name, text in named.items()})
    services = ", ".join(f"{name}: {{build: {{dockerfile: {name}}}}}" for name in named)
    put({"compose.yml": f"services: {{{services}}}\n"})
    assert found() == ["e", "f", "g"]
    assert not looks_like_one(b" " * 100_000)
    assert not looks_like_one(b"#\n" * 100_000)


def test_a_name_that_says_what_it_is_stays_that() -> None:
    put({"compose.yml": "services: {a: {build: {dockerfile: a.md}}, b: {build: {dockerfile: "
                        "x.dockerignore}}, c: {build: {dockerfile: Dockerfile.j2}}}\n"})  # fmt: skip
    put(dict.fromkeys(["a.md", "x.dockerignore", "Dockerfile.j2"], ONE))
    book = Book(Arguments((), isolated=True))
    assert [(job.path, job.carrier) for job in jobs(book, [])] == [("Dockerfile.j2", "template")]


def test_a_file_is_read_once() -> None:
    put({
        "compose.yml": "services: {a: {build: {dockerfile: x}}, b: {build: {dockerfile: ./a/../x}}, "
                       "c: {build: {dockerfile: y.inc}}}\n",
        "docker-bake.hcl": 'target "a" {\n  dockerfile = "x"\n}\n', "x": ONE, "y.inc": ONE,
    })  # fmt: skip
    assert found() == ["x", "y.inc"]
    assert found(include=("*.inc",)) == ["x", "y.inc"]
    assert found(".", "../here") == ["x", "y.inc"]


@pytest.mark.parametrize("in_git", [pytest.param(True, marks=needs_git), False])
def test_what_is_left_out_otherwise_is_left_out_here(in_git: bool) -> None:
    put({
        "sub/compose.yml": "services: {a: {build: {context: .., dockerfile: up}}, "
                           "b: {build: {dockerfile: ignored}}, c: {build: {dockerfile: skipped}}, "
                           "d: {build: {dockerfile: venv/x}}, e: {build: {dockerfile: env/x}}, "
                           "f: {build: {dockerfile: gone}}, g: {build: {dockerfile: dir}}, "
                           "h: {build: {dockerfile: kept}}, i: {build: {dockerfile: ../../above}}}\n",
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
        "compose.yml": "services: {a: {build: {dockerfile: out}}, b: {build: {dockerfile: in}}, "
                       "c: {build: {context: folder, dockerfile: x}}, d: {build: {dockerfile: x/x}}, "
                       "e: {build: {dockerfile: broken}}}\n",
        "x/x": ONE, "../outside": ONE,
    })  # fmt: skip
    for name, target in (("out", "../outside"), ("in", "x/x"), ("folder", "x"), ("broken", "no")):
        Path(name).symlink_to(target)
    if in_git:
        git("init", "-q")
    assert found() == ["x/x"]
    Path("compose.yml").write_text("services: {b: {build: {dockerfile: in}}}\n")
    assert found() == ["in"]


@needs_git
def test_paths_are_seen_from_the_top_of_the_work_tree() -> None:
    put({
        "a/b/docker-bake.hcl": 'target "a" {\n  dockerfile = "a/b/x"\n}\n', "a/b/x": ONE,
        "a/b/compose.yml": "services: {a: {build: {context: ../.., dockerfile: a/b/y}}}\n", "a/b/y": ONE,
    })  # fmt: skip
    assert found("a/b") == ["a/b/y"]
    git("init", "-q")
    assert found("a/b") == ["a/b/x", "a/b/y"]


@needs_git
def test_each_work_tree_has_its_own() -> None:
    put({
        "one/compose.yml": "services: {a: {build: {dockerfile: x}}, b: {build: {dockerfile: ../two/x}}}\n",
        "compose.yml": "services: {a: {build: {dockerfile: two/x}}, b: {build: {dockerfile: z}}}\n",
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
    "other kinds": "build: [dockerfile]\nservices: dockerfile\ninclude: {path: {a: b}}\nextends: 1\n",
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
        "values.yaml", "workflows/a.yml", ".github/action.txt", "actions.yml", "x/devcontainer.jsonc",
        "tekton/a.yaml", ".tekton/a.json", ".github/workflows/sub/a.yml",
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
        lambda each: "services: {" + ", ".join(f"s{at}: {{{e}}}" for at, e in enumerate(each)) + "}\n"
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
