"""Fixed tokens of one row, where it starts and may end, and what is feasible under them. Integers only."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import reach

from structfill.errors import EmptyLanguage, SpecError
from structfill.tokengraph import TokenGraph

OPEN = -1

Evidence = Mapping[int, int] | NDArray[Any] | torch.Tensor | Sequence[Any]
Bits = NDArray[np.uint64]


class Row(NamedTuple):
    """The evidence of one row and what is feasible under it."""

    fixed: NDArray[np.int64]  # [N], OPEN or a token
    start: int
    live: Bits  # [S, W] feasible (state, position)
    class_bits: Bits  # [C, W] feasible (class, position)
    allowed: NDArray[np.bool_]  # [N, C], the same


def as_fixed(fixed: Evidence, rows: int, length: int) -> NDArray[np.int64]:
    """int64 [B, N], `OPEN` where nothing is fixed, from any of the forms that `Trellis` accepts."""
    if isinstance(fixed, Mapping):
        given = np.full(length, OPEN, np.int64)
        for position, token in fixed.items():
            if not 0 <= position < length:
                raise SpecError(f"position {position} is not on a canvas of {length}")
            given[position] = token
    else:
        given = as_array(fixed).astype(np.int64)
    if given.ndim not in (1, 2) or given.shape[-1] != length:
        raise SpecError(f"fixed tokens of shape {given.shape} on a canvas of {length}")
    if given.ndim == 2 and len(given) != rows and 1 not in (rows, len(given)):
        raise SpecError(f"fixed tokens for {len(given)} rows in a trellis of {rows}")
    rows = max(rows, len(given) if given.ndim == 2 else 1)
    return np.array(np.broadcast_to(np.maximum(given, OPEN), (rows, length)))


def leading(fixed: NDArray[np.int64]) -> NDArray[np.int64]:
    """The tokens fixed at the beginning of a row [N], up to the first open position."""
    opened = np.flatnonzero(fixed == OPEN)
    return fixed[: opened[0]] if len(opened) else fixed


def as_positions(positions: Iterable[int] | NDArray[np.bool_] | torch.Tensor, length: int) -> NDArray[np.bool_]:
    """bool [N] or [B, N], from such a mask or from position numbers."""
    given = as_array(positions if isinstance(positions, (np.ndarray, torch.Tensor)) else list(positions))
    return given if given.dtype == np.bool_ else np.isin(np.arange(length), given)


def as_array(values: Any) -> NDArray[Any]:
    """A copy as a numpy array."""
    return values.cpu().numpy().copy() if isinstance(values, torch.Tensor) else np.array(values)


def agreeing(known: deque[NDArray[np.int64]], fixed: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The latest known canvas that agrees with what is fixed."""
    given = fixed != OPEN
    return next((one for one in reversed(known) if np.array_equal(one[given], fixed[given])), None)


def ends(graph: TokenGraph, more: int | NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool [S]: the states in which a canvas may end if `more` tokens are left for what follows it, or if these tokens
    are fixed there (`OPEN` where none is).

    With end-of-text the rest may be shorter than what is left; without, it has to be just as long.
    """
    if not isinstance(more, int):
        usable, _ = _usable(graph, more)
        return np.asarray(_behind(graph, usable, graph.final, len(more))[:, 0] & np.uint64(1), np.bool_)
    if more == 0:
        return graph.final
    if graph.vocab.eos_ids:
        return (graph.shortest >= 0) & (graph.shortest <= more)
    return ends(graph, np.full(more, OPEN))


def everywhere(graph: TokenGraph, length: int) -> Bits:
    """Every set usable at every position of an open canvas, uint64 [T, W]."""
    usable = np.full((len(graph.set_ptr) - 1, length // 64 + 1), np.uint64(2**64 - 1))
    usable[:, length >> 6] = np.uint64((1 << (length & 63)) - 1)
    return usable


def solve(graph: TokenGraph, fixed: NDArray[np.int64], start: int, final: NDArray[np.bool_], behind: bool) -> Row:
    """Reachability under the evidence; `behind` tells whether tokens are fixed behind the canvas. Raises
    `EmptyLanguage` naming the position that rules out all."""
    live, usable, admitted = _live(graph, fixed, start, final)
    if not live[start, 0] & np.uint64(1):
        raise _why_empty(graph, fixed, start, final, behind)
    bits = (
        reach.feasible_classes(
            graph.out_ptr, graph.out_target, graph.out_set, live, usable, graph.set_ptr, graph.set_class, graph.classes
        )
        & admitted
    )
    positions = np.arange(len(fixed))
    flags = bits[:, positions >> 6] >> (positions & 63).astype(np.uint64) & np.uint64(1)
    return Row(fixed.copy(), start, live, bits, np.ascontiguousarray(flags.T.astype(np.bool_)))


def stretch(row: Row, first: int, length: int, start: int | None = None) -> Row:
    """The positions `first` to `first` + `length` of a row, begun in `start`, by default the one state live there."""
    live = reach.shifted(row.live, first, length)
    if start is None:
        begun = np.flatnonzero(live[:, 0] & np.uint64(1))
        if len(begun) != 1:
            raise SpecError(f"{len(begun)} states are possible at position {first}, so no window can begin there")
        start = int(begun[0])
    here = slice(first, first + length)
    bits = reach.shifted(row.class_bits, first, length)
    return Row(row.fixed[here], start, live, bits, np.ascontiguousarray(row.allowed[here]))


def _live(
    graph: TokenGraph, fixed: NDArray[np.int64], start: int, final: NDArray[np.bool_]
) -> tuple[Bits, Bits, Bits]:
    """Feasible (state, position) pairs, and where the evidence admits each set and each class."""
    usable, admitted = _usable(graph, fixed)
    ahead = reached(graph, usable, start)
    return ahead & _behind(graph, usable, final, len(fixed)), usable, admitted


def _usable(graph: TokenGraph, fixed: NDArray[np.int64]) -> tuple[Bits, Bits]:
    """Where the evidence admits each set, and each class."""
    words = len(fixed) // 64 + 1
    admitted, everywhere = np.zeros((graph.classes, words), np.uint64), np.zeros(words, np.uint64)
    for i, token in enumerate(fixed.tolist()):
        bit = np.uint64(1 << (i & 63))
        if token == OPEN:
            everywhere[i >> 6] |= bit
        elif token < len(graph.token_class) and graph.token_class[token] >= 0:
            admitted[graph.token_class[token], i >> 6] |= bit
    usable: Bits = reach.usable_sets(graph.set_ptr, graph.set_class, everywhere, admitted)
    return usable, admitted | everywhere


def paths(graph: TokenGraph, fixed: NDArray[np.int64], start: int, without: NDArray[np.int64]) -> tuple[Bits, Bits]:
    """(state, position) pairs that state `start` leads to, and those from where the text can end right behind `fixed`
    [N], if no set of classes `without` is used at an open position."""
    usable, _ = _usable(graph, fixed)
    for position in np.flatnonzero(fixed == OPEN).tolist():
        usable[without, position >> 6] &= ~np.uint64(1 << (position & 63))
    return reached(graph, usable, start), _behind(graph, usable, graph.final, len(fixed))


def reached(graph: TokenGraph, usable: Bits, start: int | NDArray[np.int64]) -> Bits:
    """What is reached, and where, from `start` (a state, or several) at position 0."""
    ahead = np.zeros((graph.states, usable.shape[1]), np.uint64)
    ahead[start, 0] = 1
    found: Bits = reach.reach(graph.out_ptr, graph.out_target, graph.out_set, usable, ahead, graph.order, False)
    return found


def _behind(graph: TokenGraph, usable: Bits, final: NDArray[np.bool_], length: int) -> Bits:
    """From where a `final` state is reached at position `length`."""
    behind = np.zeros((graph.states, length // 64 + 1), np.uint64)
    behind[final, length >> 6] = np.uint64(1 << (length & 63))
    order = np.ascontiguousarray(graph.order[::-1])
    found: Bits = reach.reach(graph.in_ptr, graph.in_source, graph.in_set, usable, behind, order, True)
    return found


def _why_empty(
    graph: TokenGraph, fixed: NDArray[np.int64], start: int, final: NDArray[np.bool_], behind: bool
) -> EmptyLanguage:
    """Find, by bisection, the first fixed position that together with those before it rules out all."""
    where = np.flatnonzero(fixed != OPEN)
    low, high = 0, len(where)  # with `high` of them there is no canvas, with fewer than `low` there is one
    while low < high:
        middle = (low + high) // 2
        kept = np.full_like(fixed, OPEN)
        kept[where[:middle]] = fixed[where[:middle]]
        if _live(graph, kept, start, final)[0][start, 0] & np.uint64(1):
            low = middle + 1
        else:
            high = middle
    hint = (f"so that the graph is small enough, bounds of repetitions are lowered to {graph.lowered} here; what is "
            "fixed at the beginning of a canvas is counted in full" if graph.lowered else "")
    if low == 0:
        if behind:
            return EmptyLanguage(f"no valid text has the tokens that are fixed behind its next {len(fixed)}", hint=hint)
        return EmptyLanguage(f"no text of the language fills exactly {len(fixed)} tokens, and the vocabulary has no "
                             "end-of-text token", hint=hint)
    position = int(where[low - 1])
    token = int(fixed[position])
    spelled = repr(graph.vocab.tokens[token]) if token < len(graph.vocab) else "which the vocabulary does not have"
    return EmptyLanguage(
        f"no valid text of {len(fixed)} tokens has token {token} ({spelled}) at position {position}"
        + (" beside the tokens fixed before it" if low > 1 else ""),
        hint=hint,
    )
