"""What a rewrite may change, told without the program: by BuildKit's parser and by patterns.

It compares the instructions of a file before and after, as PyPI `dockerfile` gives them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TOKEN = re.compile(r"""[^\s;&|(){}<>"',\[\]]+|&&|\|\||\S""")
_ADDED_VARIABLES = frozenset(("PYTHONDONTWRITEBYTECODE", "PIP_NO_CACHE_DIR", "PIP_COMPILE"))
# All that may be put into a RUN, with what links it to the rest.
_INSERTIONS = re.compile(
    r"""
      \s--no-cache-dir(?![\w-])
    | \s--no-cache(?![\w-])
    | ,\ ?"--no-cache"
    | ,\ ?"--no-cache-dir"
    | (?<=\brm)\ -f(?=\s)
    | (?:&&|;|\n)\s*(?:
        (?:\{\ )?(?:test\ -e\ /etc/pip\.conf\ \|\|\ |test\ !\ -w\ /etc\ \|\|\ )*
        (?: printf\ '(?:\#[^']*)?(?:\[global\]\\nno-cache-dir\ =\ \w+\\n)?(?:\\n)?
              (?:\[install\]\\ncompile\ =\ no\\n)?'\ >\ /etc/pip\.conf
          | case\ "\$\([^()]*\ --version\)"\ in\ 'pip\ '\[0-9\][^;]*;;\ esac )
        (?:;\ \})?
      | printf\ '(?:no-cache-dir\ =\ \w+\\n)?(?:\\n)?(?:\[install\]\\ncompile\ =\ no\\n)?'
          \ >>\ /etc/pip\.conf
      | [^&|;]*\ install\ (?:--no-cache-dir\ )?--no-compile\ --upgrade\ 'pip>=19\.0\.2,<[\d.]+'
        (?:\s*(?:&&|;|\n)\s*hash\ -r)?
      | [^&|;\n]*(?:conda|CONDA)["'}]?\ clean\ (?:-afy|-tip\ --yes)(?![\w-])
      | rm\ -rf\ \S+/artifacts\ \S+/cache(?![\w/.-])
    )
    """,
    re.VERBOSE,
)
# Python reads a script from a pipe with and without it; options need it to stand behind.
_DASH = re.compile(r"(get-pip\.py[^|&;]*\|[^|&;]*?(?:python|pypy)[\d.]*)\ -(?=\s|$)")
# All that may be taken out of one: what fails, or finds nothing, where the cache is off. That is
# operands of an `rm`, an `rm` that has no other, `pip cache purge`; each with what links it.
_OPERAND = re.compile(
    r"""(?<=\s)["']?(?:~|/[\w./-]+|\$\{?HOME\}?)/\.cache/pip(?:/[\w*]*)*["']?(?=[\s;]|$)"""
)
_PURGE = r"(?:sudo\s+)?(?:rm(?:\s+-[a-zA-Z]+)+|\S*(?:pip[\d.]*|-m\ pip)\s+cache\s+purge)"
_QUIET = r"(?:\s*[12]?>\s*/dev/null|\s*2>&1)*"
_REMOVAL = re.compile(
    rf"(?:&&|;)\s*{_PURGE}{_QUIET}\s*(?=&&|;|$)|(?<!\S){_PURGE}{_QUIET}\s*(?:&&|;|$)"
)


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.lstrip().startswith("#")]


def difference(old: Sequence[Any], new: Sequence[Any]) -> str:
    """Tell what differs between two files but for what the passes say that they do.

    `old` and `new` are the instructions that the parser gives; the answer is empty if all is well.
    """
    if _others(old) != _others(new):
        return "an instruction other than RUN, or a pair of an ENV, differs"
    waiting = iter(_runs(new))
    for text in _runs(old):
        for candidate in waiting:
            if candidate == text or _grown(text, candidate):
                break
            if not _new(candidate):
                return f"{candidate!r} is neither new nor made of {text!r}"
        else:
            return f"{text!r} is lost"
    rest = [candidate for candidate in waiting if not _new(candidate)]
    return f"{rest[0]!r} is new" if rest else ""


def _runs(commands: Iterable[Any]) -> list[str]:
    """Give all RUNs, but those that do nothing but purge pip's cache."""
    runs = [each.original for each in commands if is_run(each)]
    return [run for run in runs if _bare(_unpurged(run.partition(" ")[2])) or not _purges(run)]


def _purges(run: str) -> bool:
    return ".cache/pip" in run or "cache purge" in run


def _unpurged(run: str) -> str:
    """Give a RUN without purges of pip's cache."""
    before = None
    run = _OPERAND.sub("", run)
    while run != before:
        before, run = run, _REMOVAL.sub("", run)
    return run


def is_run(command: Any) -> bool:
    return command.cmd.upper() == "RUN" or (command.sub_cmd or "").upper() == "RUN"


def _others(commands: Iterable[Any]) -> list[tuple[str, ...]]:
    """Give all instructions but RUN; each pair of an ENV by itself, without those added."""
    found: list[tuple[str, ...]] = []
    for each in commands:
        if is_run(each):
            continue
        if each.cmd.upper() != "ENV":
            found.append((each.cmd.upper(), each.original))
            continue
        for name, value in zip(each.value[::2], each.value[1::2], strict=True):
            if name not in _ADDED_VARIABLES:
                # the form `ENV name value` may have become `ENV name="value"`
                bare = len(value) > 1 and value[0] == value[-1] == '"'
                found.append(("ENV", name, value[1:-1] if bare else value))
    return found


def _grown(before: str, after: str) -> bool:
    """Tell whether a RUN is another one with nothing but known insertions in it."""
    return _bare(_unpurged(before)) == _bare(_unpurged(after))


def _bare(run: str) -> list[str]:
    return _TOKEN.findall(_INSERTIONS.sub(" ", _DASH.sub(r"\1", run)))


def _new(run: str) -> bool:
    """Tell whether a RUN is one that the program adds."""
    keyword, _, command = run.partition(" ")
    return keyword.upper() == "RUN" and not _bare(f"; {command}")
