"""What /etc/pip.conf may say to the pips of a stage without breaking one of them."""

from __future__ import annotations

from pipslim.facts.leftovers import BYTECODE, CACHE
from pipslim.facts.options import KEEP, MOUNT
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipslim.facts.known import Facts
    from pipslim.facts.pips import Use
    from pipslim.facts.stages import StageFacts

PATH = "/etc/pip.conf"
VARIABLE = "PIP_NO_CACHE_DIR"
_SIGNS = ("pip.conf", "PIP_CONFIG_FILE")
_IS_FILE = lazy(r"[^/.]\.\w{1,5}$")
_CALL = lazy(r"pip[^\n]* config\b")
# Folders that have pip's settings, or have folders that do.
_HOME = "/root"
_NEAR = frozenset(("", "/etc", _HOME, *(_HOME + x for x in ("/.pip", "/.config", "/.config/pip"))))
# What the pass writes, whichever of the keys it was to write.
OURS = lazy(
    r"printf '(?:# false[^'\n]*?\\n)?(?:\[global\]\\nno-cache-dir = (?:True|false)\\n)?(?:\\n)?"
    r"(?:\[install\]\\ncompile = no\\n)?' > /etc/pip\.conf"
)
NOTE = "# false turns the cache off; True would crash a pip older than 19.0.2\n"


class Settings(NamedTuple):
    """What the settings are to say: `cache` is a value for no-cache-dir, or nothing."""

    cache: str
    compile_off: bool

    @property
    def text(self) -> str:
        r"""The text of the file, for printf: a newline is `\n`."""
        parts = []
        if self.cache:
            note = NOTE.replace("\n", r"\n") if self.cache == "false" else ""
            parts.append(rf"{note}[global]\nno-cache-dir = {self.cache}\n")
        if self.compile_off:
            parts.append(r"[install]\ncompile = no\n")
        return r"\n".join(parts)


def command(wish: Settings, stage: StageFacts, *, root: bool | None) -> str:
    """Give the command that writes settings.

    It leaves alone what an unknown image may bring, and a folder that only root could write.
    """
    guards = [f"test -e {PATH}"] if stage.image is None else []
    if root is None:
        guards.append("test ! -w /etc")
    return " || ".join([*guards, f"printf '{wish.text}' > {PATH}"])


def upgrade(facts: Facts, stage: StageFacts) -> Use | None:
    """Give the call that makes pip new for all calls behind it, where there is such a call.

    None where pip is new from the start, or never gets new, or is new for no further call.
    """
    uses = list(facts.pips(stage).uses)
    old = [at for at, use in enumerate(uses) if use.crashes]
    if not old or not uses[old[-1]].upgrades:
        return None
    after = uses[old[-1] + 1 :]
    for child in stage.children:
        after.extend(facts.uses(child))
    if not after or any(use.crashes for use in after):
        return None
    return uses[old[-1]]


def mended_at_once(facts: Facts, stage: StageFacts) -> list[Use]:
    """Give the calls that find pip old, where one upgrade ahead of them makes it new for them all.

    Nothing where that is not plain: calls of several pips, stages that share them, a variable that
    may say the same as the settings.
    """
    uses = facts.pips(stage).uses
    if not uses or stage.parent is not None or stage.children or facts.mentions(VARIABLE):
        return []
    if facts.needs:
        return []
    old = [use for use in uses if use.crashes]
    for use in uses:
        if use.identity != uses[0].identity or (use.crashes and use.pip != old[0].pip):
            return []
    return old


def near(facts: Facts, number: int) -> bool:
    """Tell whether a COPY or ADD may put a whole folder where pip has settings.

    A source with an ending is taken for a file; a pip.conf is not asked about here.
    """
    words = [word.strip("\"'[],") for word in facts.document.instructions[number].arguments.split()]
    target = words[-1] if words else ""
    if all(_IS_FILE.search(word) or word.startswith("--") for word in words[:-1]):
        return False
    if target.rstrip("/") in _NEAR:
        return True
    if target not in (".", "./"):
        return False
    stage = facts.stages.of(number)
    first = stage.chain()[0].stage.first if stage is not None else 0
    return not any(first < at < number for at in facts.stages.numbers("WORKDIR"))


def may_bring(facts: Facts, stages: Iterable[StageFacts]) -> bool:
    """Tell whether one of some stages may bring pip settings: a quick look that misses none.

    What the pass itself writes does not count, see `is_written`.
    """
    if names_settings(facts):
        return True
    copies = (*facts.stages.numbers("COPY"), *facts.stages.numbers("ADD"))
    return any(
        stage.stage.first < number < stage.stage.last and near(facts, number)
        for stage in stages
        for number in copies
    )


def names_settings(facts: Facts) -> bool:
    """Tell whether a document names pip settings, but for those that the pass itself writes."""
    for sign in _SIGNS:
        if facts.mentions(sign) and sign in OURS.sub("", facts.document.text):
            return True
    return facts.mentions(" config") and _CALL.search(facts.document.text) is not None


def is_written(facts: Facts, stages: Iterable[StageFacts]) -> bool:
    """Tell whether one of some stages has the line that writes /etc/pip.conf."""
    if not facts.mentions(_SIGNS[0]):
        return False
    text, instructions = facts.document.text, facts.document.instructions
    return any(
        OURS.search(text, instructions[s.first].start, instructions[s.last - 1].end) is not None
        for s in [stage.stage for stage in stages]
    )


def settings(facts: Facts, stage: StageFacts, behind: Use | None, start: int = 0) -> Settings:
    """Give what the settings are to say, for all calls that will be under them.

    Those are the calls from the instruction `start` on.
    """
    cache = "True"
    under = behind is None
    uses = [use for use in facts.uses(stage) if use.instruction >= start]
    for use in uses:
        if under and use.crashes:
            cache = "false"
        under = under or use is behind
    if any(facts.pips(member).bundled for member in stage.family()):
        cache = "false"
    for use in uses:
        exact = use.pip.low == use.pip.high
        if use.call.cache_dir is None and _keeps_cache(facts, use):
            cache = ""
        elif exact and (19,) <= use.pip.low < (19, 0, 2):
            cache = ""  # these crash either way
    if facts.needed(stage, CACHE):
        cache = ""
    return Settings(cache, facts.options.bytecode and not facts.needed(stage, BYTECODE))


def _keeps_cache(facts: Facts, use: Use) -> bool:
    """Tell whether a mount holds the cache of a call, once the passes have acted."""
    if facts.options.cache == KEEP:
        return facts.cache_mount(use)
    from pipslim.facts.mounts import own_mount, will_be_mounted

    if facts.options.cache == MOUNT:
        return will_be_mounted(facts, use)
    return facts.cache_mount(use) and own_mount(facts, use) is None


def said_by_env(facts: Facts, use: Use) -> bool:
    """Tell whether ENV says before a call all that the settings would say."""
    if not facts.mentions(VARIABLE):
        return False
    env = facts.stages.environment(use.instruction).env
    compiles = env.get("PIP_COMPILE", "1").lower() not in ("0", "no", "off", "false")
    return bool(env.get(VARIABLE)) and not (compiles and facts.options.bytecode)
