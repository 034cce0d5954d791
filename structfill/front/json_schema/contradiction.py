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
from .pointers import member, tokens_of

MAX_TRIALS = 60
_NAMED = 2


def culprits(lowering: Lowering, schema: Any, formats: str, documents: Mapping[str, Any]) -> list[str]:
    """Places of up to two keywords, each of which alone makes the schema empty; none where that is not found soon."""
    limits = Limits(states=5_000, work=20_000_000)
    found = []
    for place in _deepest_first(place for place, what in lowering.explained.items() if what == EXACT):
        without = _without(schema, place)
        if without is None:
            continue
        try:
            space = GoalSpace(Lowering(without, limits, formats, documents), writes=False)
            if Liveness(space.root).of_value(space.root):
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
    *path, key = tokens_of(place)
    changed = inner = copy.deepcopy(schema)
    try:
        for name in path:
            inner = member(inner, name)
        del inner[key]
    except (LookupError, TypeError):
        return None
    return changed
