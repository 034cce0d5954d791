"""Why no value satisfies a schema: the keywords without which some value would."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import StructfillError
from ...limits import Limits
from .goals import GoalSpace
from .liveness import Liveness
from .lower import EXACT, Lowering

MAX_TRIALS = 60
_NAMED = 2


def culprits(lowering: Lowering, schema: Any, formats: str, documents: Mapping[str, Any]) -> list[str]:
    """Places of up to two keywords, each of which alone makes the schema empty; none where that is not found soon."""
    limits = Limits(states=5_000, work=20_000_000)
    found = []
    for place in _deepest_first(place for place, what in lowering.explained.items() if what == EXACT):
        without = _without(schema, place)
        try:
            space = GoalSpace(Lowering(without, limits, formats, documents), writes=False)
            if without is not None and Liveness(space.root).of_value(space.root):
                found.append(place)
        except StructfillError:
            continue
        if len(found) == _NAMED:
            break
    return found


def _deepest_first(places: Iterable[str]) -> list[str]:
    """Without an outer keyword the inner ones are gone as well, and without a type nearly anything goes."""
    return sorted(places, key=lambda place: (-place.count("/"), place.endswith("/type")))[:MAX_TRIALS]


def _without(schema: Any, place: str) -> Any:
    """A copy of the schema without the keyword at a place, or None where it is not in this document."""
    *path, key = [token.replace("~1", "/").replace("~0", "~") for token in place.split("/")[1:]]
    changed = inner = copy.deepcopy(schema)
    for name in path:
        inner = inner.get(name) if isinstance(inner, dict) else (
            inner[int(name)] if isinstance(inner, list) and name.isdigit() and int(name) < len(inner) else None)
    if not isinstance(inner, dict) or key not in inner:
        return None
    del inner[key]
    return changed
