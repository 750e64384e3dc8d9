"""What calls of conda do to its package cache, and how the conda of a stage empties that."""

from __future__ import annotations

import re

from pipslim.facts.images import parse_version
from pipslim.facts.installers import Tool
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from pipslim.facts.images import Version
    from pipslim.facts.installers import Call
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts

_WRITE = frozenset(
    [("install",), ("create",), ("update",), ("upgrade",), ("env", "create"), ("env", "update")]
)
CONDA = Tool(
    label="conda",
    names=frozenset(("conda", "mamba", "micromamba")),
    modules=frozenset(("conda",)),
    signs=("conda", "mamba"),
    subcommands=_WRITE | {("clean",)},
    with_value=frozenset(("-r", "--root-prefix", "-n", "--name", "-p", "--prefix", "--rc-file")),
    folder="conda",
    variable="",
)
# these download nothing that they would keep
_ONLY_TELL = frozenset(("--dry-run", "-d", "--help", "-h", "--offline"))
_EMPTIES = lazy(r"-[a-zA-Z]*[atpf]|--(?:all|tarballs|packages|force-pkgs-dirs)$")

# `conda clean -f` came with it, in January 2019 (conda/conda#7719)
FIRST_WITH_FORCE: Version = (4, 6)
# `conda clean -p` came with it, in March 2014
FIRST_WITH_PACKAGES: Version = (3, 3, 1)
_FIRST_ANACONDA: Version = (2019, 3)  # brings conda 4.6.11; 2018.12 brings 4.5.12
_IMAGE = lazy(
    r"(?:.*/)?(?:(condaforge/(?:miniforge3|mambaforge)(?:-pypy3)?)"
    r"|continuumio/(mini|ana)conda[23]?)(?::([^@]*))?(@.*)?$"
)
_FORGE = lazy(r"\b(?:Miniforge|Mambaforge)(?:-|\d-|\$)")
_INSTALLER = lazy(r"\b(Mini|Ana)conda([23]?)-(?:py\d+_)?([^-\s/]+)-")
# where it is installed unless it is told, and what pyenv installs by a name of its own
_DEFAULT = lazy(r"(?:~|\$HOME|\$\{HOME\}|/root|/home/[^/]+)/(?:miniconda|anaconda|miniforge)\d?$")
_PYENV = lazy(r"pyenv\s+(?:install|global|local)[^\n]*(?:conda|CONDA|forge)")
_PIN = lazy(r"(?<![\w./-])conda\s?(?:==?|<=?|~=)\s?([^\s\"',;]+)")


def name(call: Call) -> str:
    """Give which of the three a call is of; `conda` for `python -m conda`."""
    return call.program.name if call.program.name in CONDA.names else "conda"


def options(call: Call) -> list[str]:
    """Give the words of a call ahead of its subcommand and behind it."""
    return [word.value for word in (*call.ahead, *call.rest)]


def writes(call: Call) -> bool:
    """Tell whether a call downloads packages, which stay in the cache."""
    return call.subcommand in _WRITE and _ONLY_TELL.isdisjoint(options(call))


def empties(call: Call) -> bool:
    """Tell whether a call removes archives or packages from the cache."""
    return call.subcommand == ("clean",) and any(map(_EMPTIES.match, options(call)))


def clean_flags(facts: Facts, stage: StageFacts, spelled: str) -> str:
    """Give the options by which each conda that `spelled` may be in a stage empties its cache.

    `-afy` where it is surely 4.6 or newer: the image is miniforge's, or one of conda's own that
    says so by its tag or whose tag moves on; or an installer of such a name brings it, to where it
    is called. Else `-tip --yes`, which newer ones know as well; nothing where an installer is older
    than that.
    """
    oldest = _oldest(facts, stage)
    if oldest is not None and oldest < FIRST_WITH_PACKAGES:
        return ""
    if oldest is not None and oldest >= FIRST_WITH_FORCE and _is_theirs(facts, spelled):
        return "-afy"
    return "-tip --yes"


def _oldest(facts: Facts, stage: StageFacts) -> Version | None:
    """Give the oldest version that a stage's conda may have; None where nothing tells."""
    text = facts.document.text
    found = [parse_version(each) or None for each in _PIN.findall(text)]
    there = len(found)
    found += [_installed(*match) for match in _INSTALLER.findall(text)]
    if _FORGE.search(text):
        found.append(FIRST_WITH_FORCE)
    match = _IMAGE.match(stage.chain()[0].reference or "")
    if match is not None:
        found.append(_of_image(*match.groups()))
    if len(found) == there or _PYENV.search(text):
        return None
    known = [version for version in found if version is not None]
    return (
        min(known)
        if known and (len(known) == len(found) or min(known) < FIRST_WITH_PACKAGES)
        else None
    )


def _is_theirs(facts: Facts, spelled: str) -> bool:
    """Tell whether a conda spelled with its folder is one that an image or an installer brings."""
    prefix = spelled.strip("\"'").rpartition("/")[0].removesuffix("/bin").removesuffix("/condabin")
    if "/" not in spelled:
        return not spelled.startswith(("$", '"$'))
    if prefix == "/opt/conda" or _DEFAULT.match(prefix):
        return True
    return re.search(rf"p[ =][\"']?{re.escape(prefix)}/?(?![\w/])", facts.document.text) is not None


def _of_image(forge: str | None, kind: str, tag: str | None, digest: str | None) -> Version | None:
    """Judge an image by its name."""
    if forge:
        return FIRST_WITH_FORCE
    if digest and not (tag or "")[:1].isdigit():
        return None  # it may be any that the tag ever named
    return _installed(kind.capitalize(), "3", tag or "latest")


def _installed(kind: str, digit: str, named: str) -> Version | None:
    """Judge an installer, or an image like it, by `Mini` or `Ana`, Python's digit, and version.

    Its `latest` is newer than 4.6, but for that without a digit, which was given up in 2016.
    """
    if named.startswith("latest"):
        return FIRST_WITH_FORCE if digit else None
    version = parse_version(named)
    if kind == "Mini" or not version:
        return version or None
    return FIRST_WITH_FORCE if version >= _FIRST_ANACONDA else FIRST_WITH_PACKAGES
