"""pipslim: rewrites Dockerfiles so that pip leaves no cache and no bytecode in the image.

`pipslim.rewrite(text)` gives an `Outcome`: pure, picklable, never raises. It can be mapped by any
engine over any set of Dockerfiles. `pipslim.decode(data)` gives the text of any bytes, UTF-8 or
not, and `pipslim.encode(text)` the same bytes again.
"""

from __future__ import annotations

from pipslim.facts.options import Options
from pipslim.rewrite.engine import Choice, Other, Outcome, Problem, Report, rewrite
from pipslim.syntax.source import decode, encode

__all__ = [
    "Choice",
    "Options",
    "Other",
    "Outcome",
    "Problem",
    "Report",
    "__version__",
    "decode",
    "encode",
    "rewrite",
]
__version__ = "0.1.0"
