"""The command that writes /etc/pip.conf, written anew where it is to say something else."""

from __future__ import annotations

from pipslim.facts import conf
from pipslim.fixes.base import Finding, Fix, Safety
from pipslim.fixes.wishes import wished
from pipslim.syntax.edits import Edit
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.facts.known import Facts
    from pipslim.facts.stages import StageFacts
    from pipslim.syntax.document import Document

_KEY = "no-cache-dir"


def rewritten(document: Document, facts: Facts, stage: StageFacts, told: Finding) -> Finding | None:
    """Give the finding where what this pass wrote turns the cache off and should not, or reverse.

    What is wished for hangs on cache mounts, and those come and go.
    """
    wish, edits, drops = wished(document, facts, stage, conf.upgrade(facts, stage))
    for member in (*stage.chain()[:-1], *stage.family()):
        for number in range(member.stage.first + 1, member.stage.last):
            instruction = document.instructions[number]
            written = conf.OURS.search(document.text, instruction.start, instruction.end)
            if instruction.keyword != "RUN" or written is None:
                continue
            if (_KEY in written[0]) == bool(wish.cache):
                return None
            start, end, text = written.start(), written.end(), f"printf '{wish.text}' > {conf.PATH}"
            if not wish.text:
                if instruction.at(instruction.args) != start or instruction.end != end:
                    return None
                start, end, text = instruction.start, document.text.find("\n", end) + 1, ""
                if not end:
                    return None
            title = "write it anew" if text else "take that line away"
            edits = tuple(sorted((Edit(start, end, text), *edits)))
            fix = Fix(title, Safety.SAFE, edits, drops=(written[0], *drops))
            message = f"{conf.PATH} does not turn off pip's cache"
            if not wish.cache:
                message = f"{conf.PATH} turns off pip's cache, which a mount is to keep"
            return told._replace(message=message, fix=fix)
    return None
