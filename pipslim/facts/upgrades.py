"""What an upgrade of an old pip would break: options it took out, packages it will not replace."""

from __future__ import annotations

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts

# The options of pip 6.1 to 18.1 that 20.2 rejects. Source: the option tables of those releases.
_GONE = frozenset(
    [
        "--allow-all-external",
        "--allow-external",
        "--allow-insecure",
        "--allow-unverified",
        "--always-unzip",
        "--default-vcs",
        "--download",
        "--download-cache",
        "--download-dir",
        "--download-directory",
        "--egg",
        "--log-explicit-levels",
        "--mirrors",
        "--no-allow-external",
        "--no-allow-insecure",
        "--no-download",
        "--no-install",
        "--no-use-wheel",
        "--process-dependency-links",
        "--skip-requirements-regex",
        "--use-mirrors",
        "--use-wheel",
        "-M",
        "-Z",
    ]
)
_INSTALLS = lazy(
    r"(?<![\w./-])(?:apt-get|apt|aptitude|apk|yum|dnf|microdnf|zypper)\s(?:[^&|;]*\s)?"
    r"(?:install|add)\s[^&|;]*"
)
# Packages of Python projects; and programs that bring some, as those of ROS do.
_PACKAGED = lazy(
    r"(?<=\s)(?:(?:python|py)[23]?(?:\.\d+)?-(?P<stem>[a-z][\w.+-]*)"
    r"|ros-\w+-[\w-]+|ansible|awscli|certbot|cloud-init|i?python3?-notebook|ipython3?|jupyter)"
    r"(?=[\s=]|$)"
)
# A text with none of these has nothing that the expression above would find.
_SIGNS = ("py", "ros-", "ansible", "awscli", "certbot", "cloud-init")
# What pip itself is made of, or no project at all.
_HARMLESS = frozenset(
    [
        "all",
        "all-dev",
        "apt",
        "dbg",
        "dev",
        "devel",
        "distutils",
        "doc",
        "examples",
        "libs",
        "minimal",
        "pip",
        "pip-whl",
        "pkg-resources",
        "setuptools",
        "software-properties",
        "tk",
        "tkinter",
        "venv",
        "virtualenv",
        "wheel",
    ]
)


class Hindrance(NamedTuple):
    """Why a pip had better stay old; `{line}` in the reason stands for the line of `offset`."""

    reason: str
    offset: int


def hindrance(facts: Facts, stage: StageFacts, use: Use) -> Hindrance | None:
    """Tell what an upgrade of the pip that a call reaches would break in its chain of stages.

    From 10.0 on pip refuses to replace a package that distutils has installed, as many of those of
    distributions are (pypa/pip#4805, #5247), and each release took options out.
    """
    for each in facts.uses(stage):
        if each.identity == use.identity:
            for word in each.call.options:
                option = word.value.partition("=")[0]
                if option in _GONE or (option == "-d" and each.call.subcommand == "install"):
                    told = f"line {{line}} says {option}, which pip 19.0.2 to 20.2 have not"
                    return Hindrance(told, each.span().start)
    if use.pip.origin == "base" and stage.image is not None:
        return None  # of an image with a Python of its own, which takes no such packages
    instructions = facts.document.instructions
    for member in (*stage.chain()[:-1], *stage.family()):
        for number in range(member.stage.first + 1, member.stage.last):
            instruction = instructions[number]
            if instruction.keyword == "RUN":
                package = _packaged(instruction.view.text)
                if package:
                    told = f"line {{line}} installs {package}: a pip from 10.0 on may refuse to "
                    told += "replace such packages (pypa/pip#4805)"
                    return Hindrance(told, instruction.start)
    return None


def _packaged(text: str) -> str:
    """Give the first package of a Python project that a RUN takes from the distribution."""
    if not any(sign in text for sign in _SIGNS):
        return ""
    for installs in _INSTALLS.finditer(text):
        for match in _PACKAGED.finditer(installs[0]):
            if match["stem"] not in _HARMLESS:
                return match[0]
    return ""
