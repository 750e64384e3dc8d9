"""The commands of shell scripts as `shfmt --to-json` reads them: an independent reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAM = Path(sys.executable).parent / ("shfmt.exe" if os.name == "nt" else "shfmt")
_TOGETHER = 100
_HOLE = "\0"


class Word(NamedTuple):
    """A word: its span in the script, and its value, each expansion in it one NUL."""

    start: int
    end: int
    value: str


Call = tuple[Word, ...]


def read(scripts: Sequence[str], processes: int = 2) -> list[list[Call] | None]:
    """Give the simple commands of each script, in order of place; None where shfmt refuses.

    Many scripts go to one process of shfmt, one behind the other; where it refuses, or lets one
    reach into the next, they are halved until it is known whose fault it is.
    """
    batches = [scripts[at : at + _TOGETHER] for at in range(0, len(scripts), _TOGETHER)]
    if len(batches) < 2:
        return [found for batch in batches for found in _read(batch)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return [found for part in pool.map(_read, batches) for found in part]


def _read(scripts: Sequence[str]) -> list[list[Call] | None]:
    # a backslash at a script's end takes the first newline
    data = [script.encode("utf-8", "surrogateescape") + b"\n\n" for script in scripts]
    bounds = [0]
    for each in data:
        bounds.append(bounds[-1] + len(each))
    done = subprocess.run(
        [str(_PROGRAM), "--to-json", "-ln", "bash"],
        input=b"".join(data),
        capture_output=True,
        check=False,
    )
    found: list[list[Call] | None] = [None] * len(scripts)
    if done.returncode == 0:
        statements = json.loads(done.stdout).get("Stmts") or []
        for number, script in enumerate(scripts):
            low, high = bounds[number], bounds[number + 1]
            own = [each for each in statements if low <= each["Pos"]["Offset"] < high]
            if own and own[-1]["End"]["Offset"] > high:
                break  # it reaches into the next
            calls: list[Call] = []
            _collect(own, calls)
            found[number] = _placed(sorted(calls), script, low)
        else:
            return found
    if len(scripts) == 1:
        return [None]
    half = len(scripts) // 2
    return _read(scripts[:half]) + _read(scripts[half:])


def _placed(calls: list[Call], script: str, start: int) -> list[Call]:
    """Give calls with offsets into their script, in characters."""
    if script.isascii():
        places: Sequence[int] = range(len(script) + 3)
    else:
        table: list[int] = []
        for at, char in enumerate(script):
            table += [at] * len(char.encode("utf-8", "surrogateescape"))
        places = [*table, len(script), len(script) + 1, len(script) + 2]
    return [
        tuple(Word(places[w.start - start], places[w.end - start], w.value) for w in call)
        for call in calls
    ]


def _collect(node: Any, calls: list[Call]) -> None:
    """Append the simple commands below a node of shfmt's tree."""
    if isinstance(node, list):
        for each in node:
            _collect(each, calls)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("Type")
    if kind == "CallExpr" and node.get("Args"):
        calls.append(tuple(_word(each) for each in node["Args"]))
    elif kind == "DeclClause":
        variant = node["Variant"]
        first = Word(variant["Pos"]["Offset"], variant["End"]["Offset"], variant["Value"])
        calls.append((first, *(_word(each) for each in node.get("Args") or ())))
    elif kind == "TimeClause" and (node.get("Stmt") or {}).get("Cmd", {}).get("Args"):
        at = node["Time"]["Offset"]
        inner = node["Stmt"]["Cmd"]["Args"]
        calls.append((Word(at, at + 4, "time"), *(_word(each) for each in inner)))
        for each in inner:  # its own call is not to be given twice
            _collect(each, calls)
        return
    for key, value in node.items():
        if key not in ("Pos", "End") and isinstance(value, (dict, list)):
            _collect(value, calls)


def _word(node: dict[str, Any]) -> Word:
    value = _value(node.get("Parts") or ())
    return Word(node["Pos"]["Offset"], node["End"]["Offset"], value)


def _value(parts: Sequence[dict[str, Any]], *, quoted: bool = False) -> str:
    found = []
    for part in parts:
        kind = part["Type"]
        if kind == "Lit":
            found.append(_unescaped(part["Value"], quoted=quoted))
        elif kind == "SglQuoted" and not part.get("Dollar"):
            found.append(part.get("Value", ""))
        elif kind == "DblQuoted":
            found.append(_value(part.get("Parts") or (), quoted=True))
        else:
            found.append(_HOLE)
    return "".join(found)


def _unescaped(text: str, *, quoted: bool) -> str:
    found = []
    chars = iter(text)
    for char in chars:
        if char == "\\":
            escaped = next(chars, "\\")
            if escaped == "\n":
                continue
            if quoted and escaped not in '$`"\\':
                found.append(char)
            found.append(escaped)
        else:
            found.append(char)
    return "".join(found)
