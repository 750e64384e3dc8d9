"""Shell and Dockerfile text inside other files: read, rewritten in its place, and proven."""

from __future__ import annotations

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipslim.carriers.part import Part


class Carrier(NamedTuple):
    """One kind of host file that holds Dockerfiles.

    `kind` is its one spelling: its module here, `--carriers`, its folder of cases. `signs` are
    bytes without one of which a host holds none, whatever its name: they are looked for before
    anything is imported. With `usual` it is on by default. `help` says what is read.
    """

    kind: str
    signs: tuple[bytes, ...]
    usual: bool
    help: str

    @property
    def parts(self) -> Callable[[str], Sequence[Part]]:
        """The function that finds the Dockerfiles in a host's text; it raises part.Unreadable."""
        from importlib import import_module

        found: Callable[[str], Sequence[Part]] = import_module(f"{__name__}.{self.kind}").parts
        return found


CARRIERS = (
    Carrier("compose", (b"dockerfile_inline",), True, "dockerfile_inline of compose files"),
    Carrier("bake", (b"dockerfile-inline",), True, "dockerfile-inline of bake files"),
    Carrier("template", (b"FROM", b"from"), True, "templates: Dockerfile.j2, .tmpl, .in, .erb, …"),
    Carrier("markdown", (b"ockerfile", b"ocker"), False, "fenced dockerfile blocks in Markdown"),
    Carrier("python", (b"FROM ", b"pip"), False, "Dockerfiles in literals of Python"),
)
BY_KIND = {carrier.kind: carrier for carrier in CARRIERS}
USUAL = tuple([carrier.kind for carrier in CARRIERS if carrier.usual])
