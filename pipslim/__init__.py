"""pipslim: rewrites Dockerfiles so that pip leaves no cache and no bytecode in the image.

`pipslim.rewrite(text)` gives an `Outcome`: pure, picklable, never raises. It can be mapped by any
engine over any set of Dockerfiles.
"""

from __future__ import annotations

from pipslim.rewrite.engine import Choice, Outcome, Problem, Report, rewrite

__all__ = ["Choice", "Outcome", "Problem", "Report", "__version__", "rewrite"]
__version__ = "0.1.0"
