"""What a settings file of pip says, as pip itself reads it."""

from __future__ import annotations

import re

# What pip's settings may say without a secret in it: no address, no path, no name.
_HARMLESS = re.compile(
    r"\s*|\[[\w.-]+\]\s*"
    r"|(?:no-cache-dir|compile|no-compile|timeout|default-timeout|retries|quiet|verbose|no-input"
    r"|disable-pip-version-check|no-python-version-warning|root-user-action|progress-bar|isolated"
    r"|require-virtualenv|break-system-packages|prefer-binary|user|upgrade|pre|no-deps|no-color"
    r"|only-binary|no-binary|upgrade-strategy|use-pep517|no-build-isolation|exists-action)"
    r"[ \t]*[=:][ \t]*[A-Za-z0-9_.,: -]{0,40}\s*"
)


def harmless(line: str) -> bool:
    """Tell whether a line of a settings file holds no secret for sure."""
    return _HARMLESS.fullmatch(line) is not None
