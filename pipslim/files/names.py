"""Which file names are those of Dockerfiles and their hosts; which folders are never entered."""

from __future__ import annotations

_NAMES = ("Dockerfile", "Containerfile")
_ENDINGS = (".Dockerfile", ".dockerfile")
# A text in each name that `is_dockerfile` takes, to pass over most paths of a long list at once.
SIGNS = (b"ockerfile", b"ontainerfile")
# The same for the names that `host` knows, by kind.
HOST_SIGNS = {
    "compose": (b"compose",),
    "bake": (b"docker-bake",),
    "template": (),
    "markdown": (b".md", b".markdown"),
    "python": (b".py",),
}
USUAL_HOSTS = ("compose", "bake", "template")
# How the name of a template ends, behind that of a Dockerfile.
_TEMPLATES = (
    *(".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".gotmpl", ".in", ".erb", ".template"),
    *(".mustache",),
)
_BAKE = ("docker-bake.", "docker-bake-")
_COMPOSE = tuple(
    name + behind for name in ("compose", "docker-compose") for behind in (".", "-", "_")
)
# The same for the names that `referrer` knows beside those of hosts.
REFERRER_SIGNS = (
    *(b"compose", b"docker-bake", b"devcontainer.json", b".github/workflows/", b"action.y"),
    *(b"skaffold", b"cloudbuild", b"buildspec", b".tekton/"),
)
REFERRERS = (".yml", ".yaml", ".json", ".hcl")  # how all of those names end
_REFERRERS = ("skaffold", "cloudbuild", "buildspec")
NEVER = frozenset((".git", ".hg", ".svn", "node_modules", ".venv", "venv", ".tox", ".nox"))
# Folders of tests: Python in them asks for texts as they are, and builds nothing that is kept.
_TESTS = frozenset(("test", "tests", "testdata", "test_data"))
VENV = "pyvenv.cfg"  # what holds it is a virtual environment, whatever its name
IGNORES = ".dockerignore"  # the ending of files that are beside Dockerfiles, and none


def is_dockerfile(name: str) -> bool:
    """Tell whether a file name is that of a Dockerfile.

    Behind a `-` or `_`, as in `Dockerfile-dev`, there is no ending but that of a version
    (`Dockerfile_py3.11`): `Dockerfile-notes.md` is none.
    """
    if name.endswith(IGNORES):
        return False
    if name.endswith(_ENDINGS):
        return True
    start = next((each for each in _NAMES if name.startswith(each)), "")
    if not start:
        return False
    behind = name[len(start) :]
    if behind[:1] in ("-", "_"):
        return len(behind) > 1 and all(part[:1].isdigit() for part in behind.split(".")[1:])
    return behind[:1] in ("", ".")


def host(name: str) -> str:
    """Give the kind of host that a name is of, see `pipslim.carriers`, or nothing.

    The name of a template is that of a Dockerfile, too, or begins as one.
    """
    ending = name[name.rfind(".") :]
    if ending in (".yaml", ".yml"):
        return "compose" if name.startswith(_COMPOSE) else ""
    if ending in (".hcl", ".json"):
        return "bake" if name.startswith(_BAKE) else ""
    if ending in (".md", ".markdown"):
        return "markdown"
    if ending == ".py":
        return "python"
    if ending in _TEMPLATES:
        plain = name[: -len(ending)]
        return "template" if is_dockerfile(plain) or plain.startswith(_NAMES) else ""
    return ""


def is_told_by_name(name: str) -> bool:
    """Tell of a file name that it alone tells whether the file is read, and as what."""
    return is_dockerfile(name) or host(name) != "" or name.endswith(IGNORES)


def referrer(folders: str, name: str) -> str:
    """Give the kind of referrer that a file is, see `pipslim.carriers.references`, or nothing.

    `folders` lead to it, with `/` between them.
    """
    if name in ("devcontainer.json", ".devcontainer.json"):
        return "devcontainer"
    kind = host(name)
    if kind in ("compose", "bake"):
        return kind
    if not name.endswith((".yml", ".yaml")):
        return ""
    if name in ("action.yml", "action.yaml"):
        return "action"
    if folders.endswith(".github/workflows"):
        return "workflow"
    if ".tekton" in folders.split("/"):
        return "tekton"
    return next((each for each in _REFERRERS if name.startswith(each)), "")


def is_test(path: str) -> bool:
    """Tell whether a module is one of tests, by its name or a folder in its path, as given."""
    *folders, name = path.replace("\\", "/").split("/")
    if name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py":
        return True
    return not _TESTS.isdisjoint(folders)
