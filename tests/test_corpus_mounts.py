"""Thousands of real files in the modes `mount` and `none`, and back from the one to the other."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, NamedTuple

import dockerfile
import pytest
from untouched import comments, difference

from pipslim import Choice, Options, Outcome, rewrite
from pipslim.syntax.source import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from corpus import Corpus

pytestmark = pytest.mark.corpus

_MOUNT = Choice(options=Options(cache="mount"))
_NONE = Choice(options=Options(cache="none"))
_CACHE = re.compile(r"--mount=(?=\S*type=cache)\S+ ")
# what a mode may leave behind for good: a mount, a setting of the cache, a purge of it
_HAD_EITHER = re.compile(r"--mount|no-cache|no_cache|\.cache|cache.*purge", re.IGNORECASE)


class Modes(NamedTuple):
    """A file rewritten for mounts and again, back for none, and for none at once and again."""

    path: Path
    mount: Outcome
    mount_again: Outcome
    back: Outcome
    none: Outcome
    none_again: Outcome


@pytest.fixture(scope="module")
def modes(corpus: Corpus) -> list[Modes]:
    """Rewrite all files in both modes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_in_modes, corpus.in_time, chunksize=200))


def _in_modes(path: Path) -> Modes:
    text = decode(path.read_bytes())
    mount, none = rewrite(text, _MOUNT), rewrite(text, _NONE)
    again = rewrite(mount.after, _MOUNT), rewrite(mount.after, _NONE)
    return Modes(path, mount, *again, none, rewrite(none.after, _NONE))


def test_no_rewrite_fails_its_proof_and_all_settle(
    modes: list[Modes], tell: Callable[[str], None]
) -> None:
    every = [(each.path.name, outcome) for each in modes for outcome in each[1:]]
    failed = [
        f"{name}: {outcome.problem}"
        for name, outcome in every
        if outcome.problem is not None and outcome.problem.pass_id
    ]
    unsettled = [
        each.path.name for each in modes if each.mount_again.changed or each.none_again.changed
    ]
    mounted = sum("type=cache" in each.mount.after for each in modes)
    added = sum(
        report.fixed.startswith("mount a cache") for each in modes for report in each.mount.reports
    )
    tell(
        f"both modes: {len(modes)} files, {mounted} with cache mounts, "
        f"{added} mounts added, {len(failed)} failed proofs, "
        f"{len(unsettled)} not settled"
    )
    assert not failed
    assert not unsettled
    assert mounted > len(modes) / 2
    assert added > mounted


def test_what_had_neither_returns_to_what_none_gives(
    modes: list[Modes], tell: Callable[[str], None]
) -> None:
    neither = [each for each in modes if not _HAD_EITHER.search(each.mount.before)]
    other = [each.path.name for each in neither if each.back.after != each.none.after]
    tell(f"back from mounts: {len(neither)} files had neither, {len(other)} end differently")
    assert len(neither) > len(modes) / 4
    assert not other


def test_nothing_else_is_touched(
    modes: list[Modes], tmp_path: Path, tell: Callable[[str], None]
) -> None:
    wrong: list[str] = []
    compared = 0
    for each in modes:
        old = _parsed(each.mount.before, tmp_path)
        if old is None:
            continue
        for outcome in (each.mount, each.back, each.none):
            compared += 1
            new = old if outcome.after == each.mount.before else _parsed(outcome.after, tmp_path)
            if new is None:
                wrong.append(f"{each.path.name}: BuildKit's parser no longer takes it")
            elif comments(outcome.before) != comments(outcome.after):
                wrong.append(f"{each.path.name}: a comment is lost or new")
            elif reason := difference(_unmounted(old), _unmounted(new)):
                wrong.append(f"{each.path.name}: {reason}")
    tell(f"both modes: {compared} rewrites compared, {len(wrong)} differ elsewhere")
    assert not wrong[:9]


def _parsed(text: str, folder: Path) -> Sequence[Any] | None:
    """Give the instructions of a text; None if it cannot be parsed."""
    path = folder / "Dockerfile"
    path.write_bytes(encode(text))
    try:
        instructions: Sequence[Any] = dockerfile.parse_file(str(path))
    except dockerfile.GoParseError:
        return None
    return instructions


def _unmounted(commands: Sequence[Any]) -> list[Any]:
    """Give the instructions without the cache mounts."""
    return [each._replace(original=_CACHE.sub("", each.original)) for each in commands]
