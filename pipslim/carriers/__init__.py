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
    anything is imported. Which names hosts have is told by `pipslim.files.names.host`.
    """

    kind: str
    signs: tuple[bytes, ...]

    def may_be_in(self, data: bytes) -> bool:
        """Tell whether the bytes of a host have a sign of what it may hold."""
        return any(sign in data for sign in self.signs)

    @property
    def parts(self) -> Callable[[str], Sequence[Part]]:
        """The function that finds the Dockerfiles in a host's text; it raises part.Unreadable."""
        from importlib import import_module

        found: Callable[[str], Sequence[Part]] = import_module(f"{__name__}.{self.kind}").parts
        return found


CARRIERS = (
    Carrier("compose", (b"dockerfile_inline",)),
    Carrier("bake", (b"dockerfile-inline",)),
    Carrier("template", (b"FROM", b"from", b"From")),
    Carrier("markdown", (b"ockerfile", b"docker", b"OCKERFILE")),
    Carrier("python", (b"FROM", b"run_c", b"commands", b"pip_install", b"bentoml")),
)
BY_KIND = {carrier.kind: carrier for carrier in CARRIERS}
