"""Which part of a JSON text a type's own validators refuse.

The locations of Pydantic's errors mix steps into the value with labels of the alternatives of unions, and all
alternatives that were tried have errors, also those that the value does not follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, get_args

from ...errors import Span
from .parts import Part, past, read_part

KEY = "[key]"  # Pydantic's last step to a key that is refused
_RAISED = ("value_error", "assertion_error")
Place = tuple[str | int, ...]


class _Reading(NamedTuple):
    """A location, step by step: is each one in the value, or a label? And the parts before the first and behind each
    step."""

    steps: tuple[tuple[str | int, bool], ...]
    parts: tuple[Part, ...]

    def behind(self, step: str | int, part: Part, inside: bool) -> _Reading:
        """A step further."""
        return _Reading((*self.steps, (step, inside)), (*self.parts, part))

    @property
    def matched(self) -> int:
        """How many steps are in the value."""
        return sum(inside for _, inside in self.steps)


class _Found(NamedTuple):
    """An error."""

    reading: _Reading
    raised: bool  # by a validator, of a value that is otherwise as wanted


def refused_part(text: str, errors: Sequence[Any]) -> tuple[Place, Span]:
    """The path to the refused value, and where it stands; for a refused key, that of its value and `KEY`, and where the
    key stands. `errors` are those of Pydantic.

    Where no alternative of a union is like the value, that is all that the union stands for.
    """
    if not errors[0]["loc"]:  # perhaps Pydantic does not read the text at all
        return (), Span(text, 0, len(text))
    from pydantic_core.core_schema import ErrorType

    by_rule = set(get_args(ErrorType)).difference(_RAISED)
    root = read_part(text, past(text, 0))
    reading, depth = _chosen([_Found(_read_as(root, error["loc"], error["input"]), error["type"] not in by_rule)
                              for error in errors])
    part = reading.parts[depth]
    return tuple(step for step, inside in reading.steps[:depth] if inside), Span(text, part.start, part.end)


def _chosen(found: list[_Found], depth: int = 0) -> tuple[_Reading, int]:
    """A reading, and how many of its steps lead to the refused part."""
    inside, labelled = _groups(found, depth)
    followed = [group for group in labelled if not _strays(group, depth + 1)]
    groups = inside or followed
    if not groups or any(len(one.reading.steps) == depth for one in found):
        return found[0].reading, depth
    return _chosen(groups[0], depth + 1)


def _strays(found: list[_Found], depth: int) -> bool:
    """Do errors of one alternative, from a step on, tell that the value is not like it?"""
    inside, labelled = _groups(found, depth)
    return (any(not one.raised for one in found if len(one.reading.steps) == depth)
            or any(_strays(group, depth + 1) for group in inside)
            or bool(labelled) and all(_strays(group, depth + 1) for group in labelled))


def _groups(found: list[_Found], depth: int) -> tuple[list[list[_Found]], list[list[_Found]]]:
    """Those with further steps by the next one: into the value, and labels."""
    groups: dict[tuple[str | int, bool, int], list[_Found]] = {}
    for one in found:
        if len(one.reading.steps) > depth:
            groups.setdefault((*one.reading.steps[depth], one.reading.parts[depth + 1].start), []).append(one)
    return ([group for (_, inside, _), group in groups.items() if inside],
            [group for (_, inside, _), group in groups.items() if not inside])


def _read_as(root: Part, location: Iterable[str | int], refused: Any) -> _Reading:
    """The likeliest reading of a location: a label may be a key of the value as well."""
    found = [_Reading((), (root,))]
    for step in location:
        best: dict[int, _Reading] = {}
        for one in [further for reading in found for further in _further(reading, step)]:
            known = best.setdefault(id(one.parts[-1]), one)
            if one.matched > known.matched:
                best[id(one.parts[-1])] = one
        found = list(best.values())
    return max(found, key=lambda one: (one.parts[-1].value == refused, one.steps[-1][1], one.matched,
                                       one.parts[-1].start))


def _further(reading: _Reading, step: str | int) -> Iterable[_Reading]:
    here = reading.parts[-1]
    yield reading.behind(step, here, False)
    for name, part in here.members:
        if name == step:
            yield reading.behind(step, part, True)
    if step == KEY and here.key is not None:
        yield reading.behind(step, here.key, True)
