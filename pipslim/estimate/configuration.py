"""pip's own configuration files on this machine: the value of a setting."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path

from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def setting(environ: Mapping[str, str], name: str) -> str:
    """Give the value of a setting of `pip install`, or an empty text.

    Source: pip's documentation, "Configuration": a file of the machine, of the user, of the virtual
    environment, then PIP_CONFIG_FILE, the later wins; `[install]` wins over `[global]`. If
    PIP_CONFIG_FILE is the null device, no file counts.
    """
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return ""
    found = {"global": "", "install": ""}
    for path in (*_paths(environ), *([Path(named)] if named else [])):
        parser = configparser.RawConfigParser()
        try:
            if not parser.read(path, encoding="utf-8"):
                continue
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in found:
            found[section] = parser.get(section, name, fallback=found[section])
    return (found["install"] or found["global"]).strip()


def _paths(environ: Mapping[str, str]) -> list[Path]:
    home = Path(environ.get("HOME") or Path.home())
    site = Path(sys.prefix)
    if sys.platform == "win32":
        folders = [environ.get("ProgramData"), environ.get("APPDATA")]
        found = [Path(folder, "pip", "pip.ini") for folder in folders if folder]
        return [*found, home / "pip" / "pip.ini", site / "pip.ini"]
    listed = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    shared = [Path(folder, "pip", "pip.conf") for folder in listed.split(":")[::-1] if folder]
    own = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    if sys.platform == "darwin":
        support = Path("Library", "Application Support", "pip")
        shared = [Path("/") / support / "pip.conf"]
        own = home / support / "pip.conf" if (home / support).is_dir() else own
    return [*shared, Path("/etc/pip.conf"), home / ".pip" / "pip.conf", own, site / "pip.conf"]
