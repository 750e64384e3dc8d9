"""The parts of a module: its Dockerfiles, and the steps of its image builders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from pipslim.carriers import template
from pipslim.carriers.part import Part, Unreadable, indenting
from pipslim.carriers.python.formats import formatted, likely, percented
from pipslim.carriers.python.literals import write, write_lines
from pipslim.carriers.python.said import Refused
from pipslim.carriers.python.steps import steps_of
from pipslim.carriers.python.tree import DEEP, Tree
from pipslim.carriers.python.values import said
from pipslim.carriers.python.which import LEAVE, Use, is_dockerfile
from pipslim.carriers.tags import VALUE, Tag, tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipslim.carriers.python.said import Form, Said

_TEXTS = (
    *(cst.SimpleString, cst.FormattedString, cst.ConcatenatedString),
    *(cst.BinaryOperation, cst.Call),
)


def found(text: str, *, steps: bool) -> tuple[Part, ...]:
    """Give the parts of a module's text; with `steps`, those of builders too. See `parts`."""
    tree = Tree(text)
    try:
        return tuple(sorted(_all(tree, steps=steps), key=_place))
    except RecursionError:
        raise Unreadable(0, DEEP) from None


def _all(tree: Tree, *, steps: bool) -> list[Part]:
    use = Use(tree)
    parts = list(_dockerfiles(tree, use))
    if steps:
        for value, remedy in steps_of(tree):
            part = _part(tree, value)
            if part is not None:
                verdict = use.verdict_of_tests() or remedy
                parts.append(_shown(part, verdict, bare=True))
    return parts


def _place(part: Part) -> int:
    return part.place(0)


def _dockerfiles(tree: Tree, use: Use) -> Iterator[Part]:
    taken: set[cst.CSTNode] = set()
    for node in tree.nodes:
        if not isinstance(node, _TEXTS) or node in taken:
            continue
        source = tree.source(node)
        if "FROM" not in source:
            continue
        try:
            value = said(tree, node)
        except Refused:
            _take(tree, node, taken)
            continue
        if value is None:
            continue
        _take(tree, node, taken)
        verdict = use.verdict(node)
        if verdict == LEAVE or not is_dockerfile(value.text, tuple(value.holes)):
            continue
        try:
            part = _part(tree, _filled(value, use.names(node), use))
        except Refused:
            continue
        if part is not None:
            yield _shown(part, verdict)


def _take(tree: Tree, node: cst.CSTNode, taken: set[cst.CSTNode]) -> None:
    """Note the literals that a value is made of, but for those in what fills it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        taken.add(each)
        if isinstance(each, cst.ConcatenatedString):
            waiting += [each.left, each.right]
        elif isinstance(each, cst.BinaryOperation):
            waiting += (
                [each.left] if isinstance(each.operator, cst.Modulo) else [each.left, each.right]
            )
        elif isinstance(each, cst.Call):
            waiting.append(each.func)
            name = each.func.attr.value if isinstance(each.func, cst.Attribute) else ""
            if name not in ("format", "format_map"):
                waiting += [arg.value for arg in each.args]
        elif isinstance(each, cst.Attribute):
            waiting.append(each.value)
        elif isinstance(each, (cst.List, cst.Tuple)):
            waiting += [element.value for element in each.elements]


def _filled(value: Said, names: set[str], use: Use) -> Said:
    """Give a value with the holes that what is done with its name tells of."""
    if value.writers or any(form.writers for form in value.forms):
        return value
    if names & use.filled - {""}:
        return formatted(value, surely=False)
    if {f"%{name}" for name in names if name} & use.filled:
        return percented(value, surely=False)
    return likely(value)


def _part(tree: Tree, value: Said) -> Part | None:
    """Give the Dockerfile that a value is; None where it cannot be told what is a hole in it."""
    if not value.text:
        return None
    try:
        inner = template.filled(value.text, _tags(value))
    except Unreadable:
        return None
    if inner.whole:
        starts, ends = list(value.starts), list(value.ends)
    else:
        starts = [value.starts[at] for at in inner.starts]
        ends = [value.ends[at - 1] if at else value.starts[0] for at in inner.ends]
    shift: dict[int, int] = {}
    if value.fixed:
        for at, place in enumerate(inner.starts):
            shift.setdefault(place, at)
        shift[len(value.text)] = len(inner.text)
    fixed = {shift[at] for at in value.fixed if at in shift}
    forms = [value.form_at(start) for start in starts]
    joints = [at for at in range(1, len(forms)) if forms[at] != forms[at - 1]]
    return inner._replace(
        starts=starts,
        ends=ends,
        quote=_quoting(tree, value, inner, starts, ends),
        seams=frozenset([*inner.seams, *fixed]),
        joints=frozenset(joints),
        surely=False,
    )


def _tags(value: Said) -> tuple[Tag, ...]:
    """Give what of a value's text is filled in, by Python or by what reads it as a template."""
    own: list[Tag] = []
    for at, hole in enumerate(value.holes):
        if not hole:
            continue
        if at and value.holes[at - 1] == hole:
            own[-1] = own[-1]._replace(end=at + 1)
        else:
            own.append(Tag(at, at + 1, VALUE))
    # what stands in a hole is Python, and not text of a template
    bare = list(value.text)
    for tag in own:
        bare[tag.start : tag.end] = "_" * (tag.end - tag.start)
    others = list(tags("".join(bare)))
    return tuple(
        sorted([*own, *(tag for tag in others if not any(value.holes[tag.start : tag.end]))])
    )


def _quoting(
    tree: Tree, value: Said, part: Part, starts: list[int], ends: list[int]
) -> Callable[[str, int], str | None]:
    """Give what writes text into a value's literals."""
    margins = {value.margin, *(form.margin for form in value.forms)}
    indented = {margin: indenting(part.text, margin) for margin in margins}
    size = len(part.text)
    ahead, behind = value.edges

    def quote(text: str, offset: int) -> str | None:
        place = ends[offset - 1] if offset else starts[0]
        form = value.form_at(place)
        if form is None or (not offset and text[0] in ahead):
            return None
        if offset == size and text[-1] in behind:
            return None
        margin = value.margin or form.margin
        written: str | None = indented[margin](text, offset) if margin else text
        for writer in reversed((*form.writers, *value.writers)):
            written = None if written is None else writer(written)
        if written is None or (not part.whole and ("{{" in text or "{%" in text)):
            return None
        pair = _neighbours(value, form, place)
        if text[-1] == "\n" and pair is not None and part.text[offset - 1 : offset] == "\n":
            lines = write_lines(written, tree.text, place, pair)
            if lines is not None:
                return lines
        return write(written, tree.text, place, form)

    return quote


def _neighbours(value: Said, form: Form, place: int) -> tuple[Form, Form] | None:
    """Give the two literals that meet at a place, which is in one of them."""
    number = value.forms.index(form)
    if place == form.end and number + 1 < len(value.forms):
        return form, value.forms[number + 1]
    return (value.forms[number - 1], form) if place == form.start and number else None


def _shown(part: Part, why: str, *, bare: bool = False) -> Part:
    """Give a part that is told, and not changed, where there is a reason."""
    if not why:
        return part._replace(bare=bare) if bare else part
    everywhere = frozenset(range(len(part.text) + 1))
    return part._replace(seams=everywhere, remedy=why, bare=bare)
