"""What callers hand to canvases, read once at the boundary: numbers of any library, or an error with their name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from structfill.errors import EmptyLanguage, SpecError
from structfill.tokengraph import TokenGraph

MOST = 1 << 62  # of any integer
LENGTH = (1 << 31) - 1  # positions of a canvas
COLDEST, HOTTEST = 1e-30, 1e30  # temperatures by which logits can be divided, as in the options of the samplers


def shown(value: object) -> str:
    """A piece of a value for an error."""
    try:
        return f"{value!r:.80}"
    except Exception:  # such as a number of more digits than Python writes
        return f"a {type(value).__name__}"


def whole(value: Any, name: str, least: int = 0, most: int = MOST) -> int:
    """An integer of any library in `least` to `most`. Raises `SpecError` for another one and for anything else."""
    try:
        found = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except (TypeError, ValueError, RuntimeError):
        found = None
    if found is None or not least <= found <= most:
        bounds = f" in {least}..{most}" if most < MOST else f" >= {least}" if least > -MOST else " of 62 bits"
        raise SpecError(f"{name} must be an integer{bounds}, not {shown(value)}")
    return found


def positive(temperature: Any) -> float:
    """A temperature in 1e-30..1e30, a number of any library. Raises `SpecError` for another one."""
    try:
        found = 0.0 if isinstance(temperature, bool | np.bool_ | str | bytes) else float(temperature)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        found = 0.0
    if not COLDEST <= found <= HOTTEST:
        raise SpecError(f"temperature must be a number in {COLDEST}..{HOTTEST}, not {shown(temperature)}",
                        hint="0 is for `sample` alone, and gives `best`")
    return found


def is_zero(temperature: Any) -> bool:
    """Is this a temperature of 0, a number of any library?"""
    try:
        return not isinstance(temperature, bool | np.bool_ | str | bytes) and float(temperature) == 0
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return False


def check_generator(generator: Any) -> None:
    """Raises `SpecError` for what is neither a generator of torch nor None."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise SpecError(f"generator must be a torch.Generator or None, not {shown(generator)}")


def uniforms(shape: tuple[int, ...], generator: Any) -> NDArray[np.float64]:
    """float64 in [0, 1), drawn in one call. Raises `SpecError` as `check_generator`."""
    check_generator(generator)
    device = "cpu" if generator is None else generator.device
    drawn = torch.rand(shape, dtype=torch.float64, generator=generator, device=device)
    return np.asarray(drawn.cpu().numpy())


def check_graph(graph: Any, kind: type, user: str) -> None:
    """Raises `SpecError` for anything but a graph of this kind."""
    if not isinstance(graph, kind):
        hint = ("structfill.blocks.trellis_of makes canvases of every kind of graph" if hasattr(graph, "shortest_from")
                else "compile the constraint first: structfill.compile(constraint, vocab)")
        raise SpecError(f"{user} needs a {kind.__name__}, not {shown(graph)}", hint=hint)


def is_one(values: Any) -> bool:
    """Is this one value, and nothing that can be iterated over?"""
    return isinstance(values, str | bytes) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0


def many(values: Any) -> list[Any]:
    """The values of anything that can be iterated over, or the one value."""
    return [values] if is_one(values) else list(values)


def states_of(graph: TokenGraph, start: Any) -> list[int]:
    """The states in which the rows of a canvas begin, one or more. Raises `EmptyLanguage` for -1, what `TokenGraph.run`
    gives off the language, and `SpecError` for what is no state of the graph."""
    found = [whole(state, "start", -1) for state in many(start)]
    if not found:
        raise SpecError("start must be a state or one state a row, not empty")
    for state in found:
        if state < 0:
            raise lost()
        if not _has_state(graph, state):
            raise SpecError(f"start: the graph has no state {state}", hint="take what its `run` gives")
    return found


def lost() -> EmptyLanguage:
    """Of a canvas behind tokens that no text of the language begins with."""
    return EmptyLanguage("start: the tokens before this canvas have left the language, so nothing can follow them")


def _has_state(graph: TokenGraph, state: int) -> bool:
    if graph.counting is None:
        return state < graph.states
    q, *counted = graph.counting.place(state)
    of = graph.counting.counts.of[q]
    return bool((counted <= np.where(of > 0, graph.counting.counts.most[of], 0)).all())


def a_row(values: list[Any], rows: int, name: str) -> list[Any]:
    """One value a row. Raises `SpecError` where there are neither so many nor one."""
    if len(values) not in (1, rows):
        raise SpecError(f"{name} has {len(values)} values for {rows} rows")
    return values * rows if len(values) == 1 else values


def places(first: Any, rows: int, most: int) -> list[int]:
    """A position 0..`most` for each row. Raises `SpecError` for another one, or for another number of them."""
    found = [whole(at, "first", 0, most) for at in many(first)]
    if len(found) != rows:
        raise SpecError(f"first has {len(found)} positions for {rows} rows")
    return found


def numbers_of_rows(rows: Any, count: int) -> list[int]:
    """One or more of the rows 0..`count` - 1. Raises `SpecError` for others, and for none."""
    found: Sequence[int] = [whole(row, "a row", 0, count - 1) for row in many(rows)]
    if not found:
        raise SpecError("rows must be one row or more, not none")
    return list(found)
