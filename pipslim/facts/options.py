"""What a user may tell the passes."""

from __future__ import annotations

from pipslim.syntax.startup import NamedTuple

# What becomes of pip's cache: mounts that are there stay, and all else has none; no mount either;
# a mount for each call.
CACHES = KEEP, NONE, MOUNT = "keep", "none", "mount"


class Options(NamedTuple):
    """What a user may tell passes.

    `assume_pip` is the pip version of base images that are not known, `images` that of some, by
    `image` or `image:tag` patterns. `bytecode` is false where bytecode is to stay. `cache` is what
    becomes of pip's cache, one of CACHES; `cache_id` is the id of mounts that are added.
    """

    assume_pip: str = ""
    images: tuple[tuple[str, str], ...] = ()
    bytecode: bool = True
    cache: str = KEEP
    cache_id: str = ""
