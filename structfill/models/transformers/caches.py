"""Key-value caches under the names that transformers gave them: `past_key_values` up to 5.23, `cache` since."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def named(function: Callable[..., Any], cache: Any) -> dict[str, Any]:
    """`cache` as the keyword argument that `function` takes it by."""
    return {"cache" if "cache" in inspect.signature(function).parameters else "past_key_values": cache}


def of_output(output: Any) -> Any:
    """The cache that a model gave back."""
    found = getattr(output, "cache", None)
    return output.past_key_values if found is None else found
