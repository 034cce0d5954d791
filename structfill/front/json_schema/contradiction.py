"""Why no value satisfies a schema: the keywords, and schemas `false`, without which some value would."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import StructfillError
from ...limits import Limits
from .goals import GoalSpace
from .liveness import Liveness
from .lower import ANNOTATION, Lowering
from .pointers import escape, member, tokens_of

MAX_TRIALS = 60
_NAMED = 2
_ONCE = "structfill:once"  # the URI of the schema without a reference that it holds


def culprits(lowering: Lowering, schema: Any, formats: str, documents: Mapping[str, Any]) -> list[str]:
    """Up to two places, each of which alone makes the schema empty; none where that is not found soon."""
    found: list[str] = []
    asserted = [place for place, what in lowering.explained.items() if what != ANNOTATION]
    for place in _deepest_first([*asserted, *_forbidden(schema, asserted)]):
        inside = any(inner.startswith(f"{place}/") for inner in found)  # then it is gone as well, and says no more
        without = None if inside else _without(schema, place)
        if without is not None and _possible(without, formats, documents):
            found.append(place)
        if len(found) == _NAMED:
            break
    return found


def nests_without_end(schema: Any, place: str, formats: str, documents: Mapping[str, Any]) -> bool:
    """Is it a reference at `place` that makes the schema empty, since values would have to nest without an end?

    So it is if there is a value once the reference leads to what the schema is without it.
    """
    *_, key = tokens_of(place)
    try:
        reference = _inside(schema, place)
    except LookupError:
        return False
    if key != "$ref" or not isinstance(reference, str) or not reference.startswith("#"):
        return False
    once = copy.deepcopy(schema)
    _inside(once, place.rpartition("/")[0])[key] = f"{_ONCE}{reference}"
    return _possible(once, formats, {**documents, _ONCE: _without(schema, place)})


def _possible(schema: Any, formats: str, documents: Mapping[str, Any]) -> bool:
    """Does any value satisfy the schema? No where that is not found soon."""
    limits = Limits(states=5_000, work=20_000_000)
    try:
        space = GoalSpace(Lowering(schema, limits, formats, documents), writes=False)
        return bool(Liveness(space.root).of_value(space.root))
    except StructfillError:
        return False


def _forbidden(schema: Any, places: Iterable[str]) -> Iterator[str]:
    """The places of schemas `false` directly below some keywords, such as those of properties."""
    for place in places:
        with contextlib.suppress(LookupError):
            parts = _inside(schema, place)
            if isinstance(parts, dict):
                yield from (f"{place}/{escape(name)}" for name, part in parts.items() if part is False)


def _inside(schema: Any, place: str) -> Any:
    """What stands at a place. Raises `LookupError` where it is not in this document."""
    for name in tokens_of(place):
        schema = member(schema, name)
    return schema


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
