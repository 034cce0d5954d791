"""Optional stacks: is one there, and in a version that structfill was made for?"""

from __future__ import annotations

from importlib import metadata

from packaging.version import InvalidVersion, Version

from .errors import ModelError


def require(package: str, low: str, below: str, *, extra: str, found: str | None = None) -> str:
    """The installed version of `package`, or `found`, what it says itself, where it is also distributed under other
    names. Raises `ModelError` unless ``low <= version < below``."""
    wanted = f"{package} >= {low}, < {below}"
    try:
        found = metadata.version(package) if found is None else found
    except metadata.PackageNotFoundError:
        raise ModelError(f"{wanted} is needed and not installed: pip install 'structfill[{extra}]'") from None
    if not _within(low, found, below):
        raise ModelError(f"{package} {found} is installed; structfill works with {wanted}: "
                         f"pip install 'structfill[{extra}]'")
    return found


def _within(low: str, found: str, below: str) -> bool:
    try:
        return Version(low) <= Version(found) < Version(below)
    except InvalidVersion:  # a build from a working tree
        return False
