"""What seems to call pip in text that is not followed, or not yet."""

from __future__ import annotations

from pipslim.syntax.startup import lazy

_MENTION = lazy(r"(?<![\w.-])pip[\d.]*(?:\s+-\S+)*\s+(?:install|wheel|download)\b")
# the same in Python: as words of a list, or given to pip's own function
_MENTION_LISTED = lazy(
    r"(?<![\w.-])pip[\d.]*\\?[\"']\s*,(?:\s*\\?[\"']-[^\"'\n]*[\"']\s*,)*"
    r"\s*\\?[\"'](?:install|wheel|download)\b"
    r"|(?<![\w.])pip(?:main|(?:\._internal[\w.]*)?\.main)\(\s*[\[(]\s*\\?[\"'](?:install|wheel|download)\b"
)
_NAMED = lazy(r"(?<![A-Za-z])pip(?![A-Za-z])")
_WRITES = lazy(r"install|wheel|download")


def calls_pip(text: str) -> bool:
    """Tell whether a text may be Python that has pip leave a cache, by its words."""
    if "pip" not in text or "import" not in text or _NAMED.search(text) is None:
        return False
    return _WRITES.search(text) is not None


def mention(text: str) -> int:
    """Give where a script has pip leave a cache, as it seems; -1 where nowhere."""
    for mark in (_MENTION, _MENTION_LISTED):
        for match in mark.finditer(text):
            start = text.rfind("\n", 0, match.start()) + 1
            line = text[start:].partition("\n")[0]
            if "--no-cache" not in line and not line.lstrip().startswith("#"):
                return match.start()
    return -1


def mention_in(text: str, *, at_start: bool = False) -> bool:
    """Tell whether a text has pip install, build or download something, as it seems.

    With `at_start`, only where that is what it begins with.
    """
    if at_start:
        match = _MENTION.search(text)
        ahead = text[: match.start()].split() if match is not None else ["", "", ""]
        return len(ahead) < 3 and ahead[-1:] != ["uv"]
    return _MENTION.search(text) is not None or _MENTION_LISTED.search(text) is not None
