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
from structfill.vocab import Vocab

from .arguments import LENGTH, MOST, is_one, shown, whole

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
    """int64 [B, N], `OPEN` where nothing is fixed, from any of the forms that `Trellis` accepts. Raises `SpecError` for
    others, and for what does not fit the canvas."""
    if isinstance(fixed, Mapping):
        given = np.full(length, OPEN, np.int64)
        for position, token in by_position(fixed).items():
            if not 0 <= position < length:
                raise SpecError(f"position {position} is not on a canvas of {length}")
            given[position] = token
    else:
        given = integers(fixed, "fixed tokens")
    if given.ndim not in (1, 2) or given.shape[-1] != length or given.ndim == 2 and not len(given):
        raise SpecError(f"fixed tokens of shape {given.shape} on a canvas of {length}",
                        hint="give a token id for every position, -1 where it is open, or a mapping by position")
    if given.ndim == 2 and len(given) != rows and 1 not in (rows, len(given)):
        raise SpecError(f"fixed tokens for {len(given)} rows in a trellis of {rows}")
    rows = max(rows, len(given) if given.ndim == 2 else 1)
    return np.array(np.broadcast_to(np.maximum(given, OPEN), (rows, length)))


def by_position(fixed: Mapping[Any, Any]) -> dict[int, int]:
    """Fixed tokens by position, as plain integers. Raises `SpecError` where they are no integers."""
    return {whole(position, "a position of fixed tokens", -MOST): whole(token, f"the token fixed at {position}", -MOST)
            for position, token in fixed.items()}


def behind(more: int | Evidence) -> tuple[int, NDArray[np.int64] | None]:
    """How many tokens follow a canvas, and those that are fixed there, if any are given. Raises `SpecError` for what is
    neither a number nor a sequence."""
    if is_one(more):
        return whole(more, "more", 0, LENGTH), None
    found = integers(more, "more") if not isinstance(more, Mapping) else np.empty((0, 0), np.int64)
    if found.ndim != 1:
        raise SpecError(f"more must be a number of tokens, or the tokens of one text, not {shown(more)}")
    return len(found), np.maximum(found, OPEN)


def leading(fixed: NDArray[np.int64]) -> NDArray[np.int64]:
    """The tokens fixed at the beginning of a row [N], up to the first open position."""
    opened = np.flatnonzero(fixed == OPEN)
    return fixed[: opened[0]] if len(opened) else fixed


def as_positions(positions: Iterable[int] | NDArray[np.bool_] | torch.Tensor, rows: int,
                 length: int) -> NDArray[np.bool_]:
    """bool [N] or [B, N], from such a mask or from position numbers. Raises `SpecError` where they do not fit."""
    if not isinstance(positions, Iterable):
        raise SpecError(f"positions must be their numbers or a mask, not {shown(positions)}")
    given = as_array(positions if isinstance(positions, np.ndarray | torch.Tensor) else list(positions), "positions")
    if given.dtype != np.bool_:
        found = integers(given, "positions")
        if ((found < 0) | (found >= length)).any():
            raise SpecError(f"positions {shown(found.tolist())} are not all on a canvas of {length}")
        return np.isin(np.arange(length), found)
    if given.ndim not in (1, 2) or given.shape[-1] != length or (
            given.ndim == 2 and (not len(given) or len(given) != rows and 1 not in (rows, len(given)))):
        raise SpecError(f"a mask of positions of shape {given.shape} on {rows} canvases of {length}")
    return given


def as_array(values: Any, name: str = "the array") -> NDArray[Any]:
    """A copy as a numpy array. Raises `SpecError` where there is none."""
    try:
        if isinstance(values, torch.Tensor):
            return values.detach().resolve_neg().cpu().numpy().copy()
        return np.array(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SpecError(f"{name} cannot be read as an array: {error}") from None


def integers(values: Any, name: str) -> NDArray[np.int64]:
    """A copy as an array of int64. Raises `SpecError` where the values are no integers: 3.0 is one, 3.5 and NaN are
    not."""
    found = as_array(values, name)
    if found.dtype.kind not in "iu" and found.size:
        if found.dtype.kind != "f" or not (np.isfinite(found) & (np.trunc(found) == found)).all():
            raise SpecError(f"{name} must be integers, not {shown(values)}")
    elif not found.size:
        return np.empty(found.shape, np.int64)
    if max(abs(found.max()), abs(found.min())) > MOST:
        raise SpecError(f"{name} must be integers of 62 bits, not {shown(values)}")
    return found.astype(np.int64)


def canvases(tokens: Any, rows: int, length: int) -> NDArray[np.int64]:
    """int64 [B, N], a copy. Raises `SpecError` for tokens that are no integers or of another shape."""
    found = integers(tokens, "tokens")
    if found.shape != (rows, length):
        raise SpecError(f"tokens of shape {found.shape} for {rows} canvases of {length} positions")
    return found


def check_canvas(graph: TokenGraph, row: Row, tokens: NDArray[np.int64]) -> None:
    """Raises `SpecError` unless `tokens` [N] are a valid canvas of the row."""
    state, length = graph.run(tokens, row.start), len(tokens)
    if state < 0 or not row.live[state, length >> 6] >> np.uint64(length & 63) & np.uint64(1):
        raise SpecError("the tokens are no canvas of this trellis", hint="`best` and `sample` give some that are")
    wrong = np.flatnonzero((row.fixed != OPEN) & (row.fixed != tokens))
    if len(wrong):
        raise SpecError(f"token {tokens[wrong[0]]} at position {wrong[0]} is not the one that is fixed there")


def texts(vocab: Vocab, tokens: Any) -> Any:
    """What a canvas [N] spells, a str, or a list of them for [B, N]. Raises `SpecError` for tokens of another shape."""
    ids = integers(tokens, "tokens")
    if ids.ndim not in (1, 2):
        raise SpecError(f"tokens of shape {ids.shape} are neither a canvas nor a batch of them")
    return vocab.text(ids) if ids.ndim == 1 else [vocab.text(row) for row in ids]


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


def unrolled(graph: TokenGraph, tokens: int, starts: list[int],
             given: list[NDArray[np.int64]]) -> tuple[TokenGraph, list[int]]:
    """As `TokenGraph.unrolled`. Raises `EmptyLanguage` for states from which no text can end."""
    try:
        return graph.unrolled(tokens, starts, given)
    except SpecError:
        raise
    except ValueError as error:
        raise EmptyLanguage(f"start: {error}") from None


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
