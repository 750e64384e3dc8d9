"""The frame of every HTML page: one file, no network, light and dark, everything in it escaped."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import escape

# What a reader would not see, or would see in another place than where it stands.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


def asset(name: str) -> str:
    """Give the text of a style or script file that lies beside this module."""
    with open(f"{__file__.rpartition('page')[0]}{name}", encoding="utf-8") as file:
        return file.read()


def page(title: str, body: str, *, style: str, script: str = "") -> str:
    r"""Give a whole page; `title` is text, `body` is HTML, `style` comes behind the common one.

    The policy of the page allows this style and this script, by their hashes, and nothing else.
    The script runs in the head: it waits for the body by itself.
    """
    style = asset("page.css") + style
    rules = ["default-src 'none'", f"style-src {_hash(style)}"]
    if script:
        rules.append(f"script-src {_hash(script)}")
    policy = "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{shown(title)}</title>\n<style>{style}</style>\n"
        + (f"<script>{script}</script>\n" if script else "")
        + f"{body}</html>\n"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def shown(text: str) -> str:
    r"""Give a text as HTML that shows it: escaped, and what cannot be seen as `\x00` or `\u202e`.

    A byte that was not UTF-8 shows as that byte, `\xff`.
    """
    return escape(_ODD.sub(_code, text))


def _code(match: re.Match[str]) -> str:
    number = ord(match[0])
    if 0xDC80 <= number <= 0xDCFF:  # a byte that was not UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
