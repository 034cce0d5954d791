"""Optional stacks: is one there, and in a version that structfill was made for?"""

from __future__ import annotations

from importlib import metadata

from packaging.version import Version

from .errors import ModelError


def require(package: str, low: str, below: str, *, extra: str) -> str:
    """The installed version of `package`. Raises `ModelError` unless ``low <= version < below``."""
    wanted = f"{package} >= {low}, < {below}"
    try:
        found = metadata.version(package)
    except metadata.PackageNotFoundError:
        raise ModelError(f"{wanted} is needed and not installed: pip install 'structfill[{extra}]'") from None
    if not Version(low) <= Version(found) < Version(below):
        raise ModelError(f"{package} {found} is installed; structfill works with {wanted}: "
                         f"pip install 'structfill[{extra}]'")
    return found
