"""What a program brings by its own words: packages with a pip, an environment, an installer."""

from __future__ import annotations

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from pipslim.facts.programs import Program
    from pipslim.syntax.script import Word

_PACKAGE_MANAGERS = {
    "apt-get": "install",
    "apt": "install",
    "aptitude": "install",
    "apk": "add",
    "yum": "install",
    "dnf": "install",
    "microdnf": "install",
    "zypper": "install",
}
_PYTHONS = ("python", "pypy")
_ENVIRONMENTS = ("virtualenv", "pyvenv")
_EASY = "easy_install"
_EASIES = (_EASY, "easy_install3", "easy_install-2.7")
_OTHERS = (*_PYTHONS, *_ENVIRONMENTS, _EASY)
_PIP_PACKAGE = lazy(r"(?:python|py)([\d.]*)-pip(?:$|[=<>~*-])")
_GET_PIP = lazy(r"(?:^|/)get-pip\.py$")


class Brings(NamedTuple):
    """What a program brings: `kind`, and in words what of it.

    | kind | values |
    |---|---|
    | `packages` | the Python of each of a distribution's packages of pip: `3`, `3.6`, or nothing |
    | `venv`, `virtualenv` | the folder of an environment |
    | `ensurepip` | the interpreter |
    | `get-pip` | the words of `python get-pip.py …` |
    | `input` | the words of `… | python`, with `-` or without, which may be given get-pip.py |
    | `easy_install` | none; it installs pip |
    """

    kind: str
    values: tuple[str, ...]


def brings(program: Program) -> Brings | None:
    """Tell what a program that is no pip brings; None for most, which bring no pip."""
    words = program.words
    name = program.name
    verb = _PACKAGE_MANAGERS.get(name)
    if verb is not None:
        return _packages(name, verb, words)
    if not name.startswith(_OTHERS):
        return None
    if name.startswith(_PYTHONS):
        return _python(words, piped=program.command.lead in ("|", "|&"))
    if name.startswith(_ENVIRONMENTS):
        plain = name.partition("-")[0]  # virtualenv-3.6
        kind = "virtualenv" if plain == "virtualenv" else "venv"
        return _environment(kind, words, 1) if plain in _ENVIRONMENTS else None
    if name in _EASIES and any(word.value.partition("=")[0] == "pip" for word in words[1:]):
        return Brings("easy_install", ())
    return None


def _packages(name: str, verb: str, words: tuple[Word, ...]) -> Brings | None:
    for word in words[1:]:
        if not word.value.startswith("-"):
            if word.value != verb:
                return None
            break
    found: list[str] = []
    for word in words[2:]:
        value = word.value
        if value.startswith("py"):
            match = _PIP_PACKAGE.match(value)
            if match is not None:
                found.append(match[1])
            elif name == "apk" and value in ("python3", "python3-dev"):
                found.append("3")
    return Brings("packages", tuple(found)) if found else None


def _python(words: tuple[Word, ...], *, piped: bool) -> Brings | None:
    values = [word.value for word in words]
    if "-m" in values:
        at = values.index("-m") + 1
        module = values[at] if at < len(values) else ""
        if module in ("venv", "virtualenv"):
            return _environment(module, words, at + 1)
        return Brings("ensurepip", (values[0],)) if module == "ensurepip" else None
    if any(_GET_PIP.search(value) for value in values[1:]):
        return Brings("get-pip", tuple(values))
    reads = values[1:2] == ["-"] or (piped and len(values) == 1)
    return Brings("input", tuple(values)) if reads else None


def _environment(kind: str, words: tuple[Word, ...], at: int) -> Brings | None:
    values = [word.value for word in words]
    if "--without-pip" in values or "--no-pip" in values:
        return None
    folder = next((v for v in reversed(values[at:]) if not v.startswith("-")), "")
    return Brings(kind, (folder,))
