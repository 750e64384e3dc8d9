"""The steps of image builders in a module, each as the Dockerfile that it comes to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from pipslim.carriers.python.apis import BUILDERS, INSTALL, INSTRUCTIONS
from pipslim.carriers.python.said import Building, Refused
from pipslim.carriers.python.tree import last_name
from pipslim.carriers.python.values import said
from pipslim.carriers.python.which import is_dockerfile, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.carriers.python.apis import Step
    from pipslim.carriers.python.said import Said
    from pipslim.carriers.python.tree import Tree

_BASE = "FROM base\n"
_BEGINS = frozenset(("modal", "Image", "Template", "AsyncTemplate"))
_SETS = frozenset(("env", "set_envs"))
_PLAIN = re.compile(r"[\w./:@+-]*\Z")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_IMAGE = re.compile(r"image|template", re.IGNORECASE)


def steps_of(tree: Tree) -> Iterator[tuple[Said, str]]:
    """Give the steps of image builders as Dockerfiles, with what to do where they are shown alone.

    What stands ahead of a step in them has no place in the host, and cannot be edited.
    """
    known: dict[str, Step] = {}
    for node in tree.nodes:
        if isinstance(node, (cst.Import, cst.ImportFrom)):
            for name in modules(node) & BUILDERS.keys():
                known.update(BUILDERS[name])
    images = _images(tree) if known else frozenset()
    for node in tree.nodes:
        if not isinstance(node, cst.Call):
            continue
        name = last_name(node.func)
        step = known.get(name)
        if step is None or not (name[:1].isupper() or _is_image(node.func, images)):
            continue
        for value in _values(tree, node, step):
            yield value, step.remedy


def _images(tree: Tree) -> frozenset[str]:
    """Give the names that images are given in a module."""
    found = set(_BEGINS)
    for node in tree.nodes:
        if isinstance(node, cst.Assign) and _root(node.value) in found:
            found.update(last_name(target.target) for target in node.targets)
    return frozenset(found - {""})


def _chain(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """Give an expression and what it is called on, from the last call to the first."""
    each: cst.BaseExpression = node
    while True:
        yield each
        if isinstance(each, cst.Call):
            each = each.func
        elif isinstance(each, cst.Attribute):
            each = each.value
        else:
            return


def _root(node: cst.BaseExpression) -> str:
    return [last_name(each) for each in _chain(node)][-1]


def _is_image(node: cst.BaseExpression, images: frozenset[str]) -> bool:
    """Tell whether a step, `image.step`, is called on an image, as far as can be seen."""
    names = [last_name(each) for each in _chain(node)][1:]
    if not names:
        return False
    return names[-1] in images or any(_IMAGE.search(name) for name in names)


def _values(tree: Tree, call: cst.Call, step: Step) -> Iterator[Said]:
    anchor = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
    head = _BASE + _environment(tree, call)
    if step.kind == INSTALL:
        if not _says_itself(tree, call):
            place = tree.span(anchor)
            yield _written(tree, f"{head}RUN {step.runs} packages\n", place)
        return
    nodes: list[cst.BaseExpression] = []
    for arg in call.args:
        name = arg.keyword.value if arg.keyword is not None else ""
        if name == step.keyword and not arg.star:
            listed = isinstance(arg.value, (cst.List, cst.Tuple))
            if listed and step.lists and isinstance(arg.value, (cst.List, cst.Tuple)):
                nodes += [each.value for each in arg.value.elements]
            elif not listed:
                nodes.append(arg.value)
    pieces = [(each, value) for each in nodes if (value := _said(tree, each)) is not None]
    if step.kind == INSTRUCTIONS:
        found = Building()
        _put(found, head, tree.span(anchor)[1])
        for _, value in pieces:
            found.add(value)
            found.escaped("\n", value.ends[-1], value.ends[-1])
        if pieces:
            yield found.said()
        return
    for _, value in pieces:
        found = Building()
        _put(found, f"{head}RUN {step.runs}", value.starts[0])
        found.add(value)
        yield found.said()


def _said(tree: Tree, node: cst.BaseExpression) -> Said | None:
    try:
        value = said(tree, node)
    except Refused:
        return None
    if value is None or not value.text:
        return None
    return None if is_dockerfile(value.text, tuple(value.holes)) else value  # that is found anyway


def _put(found: Building, text: str, place: int) -> None:
    """Add text that the host does not have: at a place, and taking none."""
    for char in text:
        found.escaped(char, place, place)


def _written(tree: Tree, text: str, place: tuple[int, int]) -> Said:
    """Give a text that a builder writes itself, shown at a place of the host."""
    found = Building()
    for char in text:
        found.escaped(char, *place)
    return found.said()


def _says_itself(tree: Tree, call: cst.Call) -> bool:
    """Tell whether a call that installs may turn the cache off by an option of its own."""
    for arg in call.args:
        if arg.star:
            return True
        if arg.keyword is not None and arg.keyword.value == "extra_options":
            value = _said(tree, arg.value)
            if value is None or any(value.holes) or "cache" in value.text:
                return True
    return False


def _environment(tree: Tree, call: cst.Call) -> str:
    """Give the variables that are set for a step, as far as they are in sight, as ENV lines."""
    lines: list[str] = []
    given: list[cst.BaseExpression] = []
    for each in _chain(call.func):
        if isinstance(each, cst.Call) and last_name(each.func) in _SETS:
            given += [arg.value for arg in each.args[:1]]
    given.reverse()
    given += [arg.value for arg in call.args if arg.keyword and arg.keyword.value == "env"]
    for each in given:
        if isinstance(each, cst.Dict):
            for element in each.elements:
                if isinstance(element, cst.DictElement):
                    name, value = _said(tree, element.key), _said(tree, element.value)
                    if name is None or value is None or any(value.holes):
                        continue
                    if _NAME.match(name.text) and _PLAIN.match(value.text):
                        lines.append(f"ENV {name.text}={value.text}\n")
    return "".join(lines)
