"""Canvases of a lazily explored language, with the interface of the trellis."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill.errors import SpecError, UnsupportedFeature, VocabMismatch
from structfill.front.lark.machine import Configuration
from structfill.trellis import OPEN, Constrained, Posterior
from structfill.trellis.arguments import (
    LENGTH,
    a_row,
    check_graph,
    is_zero,
    lost,
    numbers_of_rows,
    places,
    positive,
    shown,
    uniforms,
    whole,
)
from structfill.trellis.constrain import SLIGHT, lift, room
from structfill.trellis.evidence import Evidence, as_fixed, as_positions, canvases, texts
from structfill.trellis.left_to_right import LeftToRight
from structfill.trellis.parts import as_tensor

from .first import Row, Tokens, beamed, blank, first_canvas
from .graph import ENDED, LOST, LazyGraph
from .reading import Reading, read

WIDTH = 96  # configurations kept at a position
_MEMORY = 256  # canvases remembered per row
Floats = NDArray[np.float64]


class LazyTrellis(LeftToRight):
    """Valid canvases of `length` tokens under a lazy graph and fixed tokens, `exact` as to validity, budget and what is
    fixed, approximate as to likelihood.

    Arguments and methods are those of `Trellis`, with configurations for states. `width` is the number of
    configurations kept at every position. Canvases that were returned are remembered, here and in every trellis made
    from this one: the next ones are at least as likely, and what agrees with one of them can always be fixed.

    Raises `BudgetTooSmall` where no text that fits is found, with the length of one that was found, `EmptyLanguage`
    where what is fixed is known to leave no canvas or `start` is off the language, `NotFound` where the search ended
    without finding one, and `SpecError` for arguments of another kind.
    """

    exact = False
    what = "a language that is explored lazily is"

    def __init__(self, graph: LazyGraph, length: int, fixed: Evidence | None = None, rows: int = 1,
                 start: Configuration | Sequence[Configuration] | None = None, more: int = 0,
                 width: int = WIDTH) -> None:
        check_graph(graph, LazyGraph, "LazyTrellis")
        self.graph, self.length, self.more = graph, whole(length, "length", 0, LENGTH), whole(more, "more", 0, LENGTH)
        self.width, rows = whole(width, "width", 1, LENGTH), whole(rows, "rows", 1, LENGTH)
        starts = [graph.start] if start is None else _configurations(graph, start)
        given = as_fixed({} if fixed is None else fixed, max(rows, len(starts)), self.length)
        starts = a_row(starts, len(given), "start")
        self._rows = [Row(one, begun, deque(maxlen=_MEMORY)) for one, begun in zip(given, starts, strict=True)]
        self._find_all()

    @property
    def rows(self) -> int:
        """B."""
        return len(self._rows)

    @property
    def fixed(self) -> Tokens:
        """int64 [B, N], -1 where open."""
        return np.stack([row.fixed for row in self._rows])

    @property
    def language(self) -> LazyGraph:
        """The graph, whose states `begins` are."""
        return self.graph

    @property
    def begins(self) -> list[Configuration]:
        """The configuration in which each row begins."""
        return [row.start for row in self._rows]

    def fix(self, tokens_by_position: Evidence) -> LazyTrellis:
        """As `Trellis.fix`; never fails for positions of one canvas that was returned lately."""
        given = as_fixed(tokens_by_position, self.rows, self.length)
        return self._with(np.where(given == OPEN, self.fixed, given))

    def reopen(self, positions: Iterable[int] | NDArray[np.bool_] | torch.Tensor) -> LazyTrellis:
        """As `Trellis.reopen`."""
        return self._with(np.where(as_positions(positions, self.rows, self.length), np.int64(OPEN), self.fixed))

    def rows_of(self, rows: Sequence[int]) -> LazyTrellis:
        """As `Trellis.rows_of`; copies of a row remember on their own from here on."""
        picked = [self._rows[row] for row in numbers_of_rows(rows, self.rows)]
        return self._copy([row._replace(known=deque(row.known, _MEMORY)) for row in picked])

    def repeat(self, times: int) -> LazyTrellis:
        """As `Trellis.repeat`."""
        times = whole(times, "times", 1, LENGTH)
        return self.rows_of([row for row in range(self.rows) for _ in range(times)])

    def posterior(self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None,
                  temperature: float = 1.0, margin: bool = False) -> Posterior:
        """As `Trellis.posterior`, of the ways that the beam kept: `log_mass` is a lower bound, the draw is one of them.

        Raises `UnsupportedFeature` for margins.
        """
        if margin:
            raise UnsupportedFeature("rule \"margin\"", "margins are not known of a language that is explored lazily",
                                     hint="use the rule \"confidence\" or \"entropy\"")
        rows, flat, device = self._logits(logits)
        scale = 1 / positive(temperature)
        drawn = uniforms((len(rows), self.length), generator) if draw else np.empty((len(rows), 0))
        found = [self._posterior(row, read(self.graph, x, scale), u if draw else None)
                 for (row, x), u in zip(rows, drawn, strict=True)]
        types = (torch.int64, torch.float32, torch.float32, torch.float64, torch.int64, torch.float32)
        return Posterior(*_stacked(found, types, flat, device))

    def best(self, logits: Any) -> torch.Tensor:
        """int64 [(B,) N]: the most probable canvas among those kept."""
        rows, flat, device = self._logits(logits)
        found = [self._lattice(row, read(self.graph, x, 1.0)).best for row, x in rows]
        out = torch.from_numpy(np.stack(found)).to(device)
        return out[0] if flat else out

    def sample(self, logits: Any, generator: torch.Generator | None = None, temperature: float = 1.0) -> torch.Tensor:
        """int64 [(B,) N]: a draw from the ways kept; `best` at temperature 0."""
        if is_zero(temperature):
            return self.best(logits)
        drawn = self.posterior(logits, draw=True, generator=generator, temperature=temperature).sample
        assert drawn is not None
        return drawn

    def entropy(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N]: nats of the token marginals of the ways kept."""
        return self.posterior(logits).entropy

    def log_mass(self, logits: Any) -> torch.Tensor:
        """float64 [(B,)]: a lower bound of the log probability that an independent draw is valid."""
        return self.posterior(logits).log_mass

    def constrain(self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None,
                  temperature: float = 1.0, out: torch.Tensor | None = None) -> Constrained:
        """As `Trellis.constrain`, of the ways that the beam kept: -inf for tokens on none of them."""
        rows, flat, device = self._logits(logits)
        filled, scale = room(as_tensor(logits), out), 1 / positive(temperature)
        drawn = uniforms((len(rows), self.length), generator) if draw else np.empty((len(rows), 0))
        found = [self._constrain(row, read(self.graph, x, scale), u if draw else None, to)
                 for (row, x), u, to in zip(rows, drawn, filled[None] if flat else filled, strict=True)]
        types = torch.int64, torch.float32, torch.float64, torch.int64
        return Constrained(filled, *_stacked(found, types, flat, device))

    def marginals(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N, V]: the probability of each token at each position, among the ways kept."""
        rows, flat, device = self._logits(logits)
        out = torch.zeros((len(rows), self.length, len(self.graph.vocab)))
        for filled, (row, x) in zip(out, rows, strict=True):
            lattice, weight, _ = self._weighed(row, read(self.graph, x, 1.0))
            _scatter(filled, *_token_mass(lattice, weight))
        found = out.to(device)
        return found[0] if flat else found

    def masks(self, logits: Any = None) -> torch.Tensor:
        """int32 [B, N, ceil(V/32)]: tokens that stand in some valid canvas that was found, those that `logits` (as in
        `best`) like among them. A set bit is right; an unset one says nothing."""
        count = len(self.graph.vocab)
        flags = np.zeros((self.rows, self.length, -(-count // 32) * 32), np.bool_)
        for b, row in enumerate(self._rows):
            x = None if logits is None else self._logits(logits)[0][b][1]
            given = blank(self.graph, self.length) if x is None else read(self.graph, x, 1.0)
            lattice, weight, _ = self._weighed(row, given)
            position, token, _ = _token_mass(lattice, weight)
            flags[b, position, token] = True
        packed = np.packbits(flags, axis=2, bitorder="little")
        return torch.from_numpy(packed.view(np.int32).copy())

    def finish(self, tokens: Any, first: Sequence[int]) -> torch.Tensor:
        """As `Trellis.finish`, with the end that is known, where no tokens are fixed."""
        found = canvases(tokens, self.rows, self.length)
        for row, at, ids in zip(self._rows, places(first, self.rows, self.length), found, strict=True):
            state = self.graph.run(ids[:at], row.start)
            if self.graph.lost(state):
                raise SpecError(f"the tokens before position {at} are not the beginning of a valid canvas")
            ids[at:] = self._known_end(state, self.length - at)
        return torch.from_numpy(found)

    def _known_end(self, state: Configuration, room: int) -> list[int]:
        vocab = self.graph.vocab
        closing = [] if self.graph.ended(state) else [*self.graph.shortest_from(state), vocab.eos_ids[0]]
        padding = vocab.eos_ids[0] if vocab.pad_id is None else vocab.pad_id
        return [*closing, *[padding] * room][:room]

    def text(self, tokens: Any) -> Any:
        """As `Trellis.text`."""
        return texts(self.graph.vocab, tokens)

    def _copy(self, rows: list[Row]) -> LazyTrellis:
        other = object.__new__(LazyTrellis)
        other.__dict__.update(self.__dict__)
        other._rows = rows
        return other

    def _with(self, fixed: Tokens) -> LazyTrellis:
        rows = self._rows * len(fixed) if self.rows == 1 else self._rows
        other = self._copy([row._replace(fixed=one) for row, one in zip(rows, fixed, strict=True)])
        other._find_all()
        return other

    def _find_all(self) -> None:
        """A known canvas for every row that has none and needs one."""
        found: dict[tuple[Configuration, bytes], Tokens] = {}
        for row in self._rows:
            if row.path() is None:
                key = row.start, row.fixed.tobytes()
                if key not in found and (path := first_canvas(self.graph, row, self.more)) is not None:
                    found[key] = path
                if key in found:
                    row.known.append(found[key])

    def _logits(self, logits: Any) -> tuple[list[tuple[Row, torch.Tensor]], bool, torch.device]:
        """Rows beside their logits [N, Vl], whether there was no batch axis, and where results go."""
        x = as_tensor(logits)
        if x.dim() not in (2, 3) or x.shape[-2] != self.length or not x.shape[0]:
            raise SpecError(f"logits of shape {tuple(x.shape)} for a canvas of {self.length} positions")
        if x.shape[-1] < len(self.graph.vocab):
            raise VocabMismatch(f"logits have {x.shape[-1]} columns, the vocabulary {len(self.graph.vocab)} tokens")
        flat = x.dim() == 2
        parts = x[None] if flat else x
        if self.rows not in (1, len(parts)):
            raise SpecError(f"logits for {len(parts)} rows in a trellis of {self.rows}")
        rows = self._rows * len(parts) if self.rows == 1 else self._rows
        return list(zip(rows, parts, strict=True)), flat, x.device

    def _lattice(self, row: Row, given: Reading) -> lalr.Lattice:
        """The ways that a beam keeps; its best canvas is remembered."""
        lattice = beamed(self.graph, row, given, row.path(), self.more, self.width)
        assert lattice.found  # the path, or else the way from the start to the end of the text, is among them
        row.known.append(lattice.best)
        return lattice

    def _weighed(self, row: Row, given: Reading) -> tuple[lalr.Lattice, Floats, Floats]:
        """The ways that a beam keeps, the share of every edge, and log sums to the end."""
        lattice = self._lattice(row, given)
        arrays = lattice.ptr, lattice.source, lattice.target
        behind = lalr.backward(self.length, lattice.size, lattice.good, *arrays, lattice.score)
        ahead = lalr.forward(self.length, lattice.size, len(lattice.good), *arrays, lattice.score)
        return lattice, lalr.weights(*arrays, lattice.score, ahead, behind), behind

    def _drawn(self, row: Row, lattice: lalr.Lattice, behind: Floats, uniform: Floats) -> Tokens:
        """One of the ways, remembered."""
        drawn: Tokens = lalr.draw(lattice.ptr, lattice.source, lattice.target, lattice.token, lattice.score, behind,
                                  uniform)
        row.known.append(drawn)
        return drawn

    def _posterior(self, row: Row, given: Reading, uniform: Floats | None) -> list[Any]:
        (lattice, weight, behind), columns = self._weighed(row, given), len(self.graph.vocab)
        sure, entropy = lalr.summary(lattice.ptr, lattice.token, weight, columns, lattice.best)
        found = [lattice.best, sure, entropy, _log_mass(behind)]
        if uniform is not None:
            drawn = self._drawn(row, lattice, behind, uniform)
            found += [drawn, lalr.summary(lattice.ptr, lattice.token, weight, columns, drawn)[0]]
        return found

    def _constrain(self, row: Row, given: Reading, uniform: Floats | None, out: torch.Tensor) -> list[Any]:
        lattice, weight, behind = self._weighed(row, given)
        _, entropy = lalr.summary(lattice.ptr, lattice.token, weight, len(self.graph.vocab), lattice.best)
        position, token, mass = _token_mass(lattice, weight)
        out.fill_(-torch.inf)
        log_mass = np.log(mass)
        _scatter(out, position, token, log_mass)
        top = np.full(self.length, -np.inf)
        np.maximum.at(top, position, log_mass)
        lift(out, torch.from_numpy(lattice.best), top, entropy > given.entropy + SLIGHT)
        drawn = [] if uniform is None else [self._drawn(row, lattice, behind, uniform)]
        return [lattice.best, np.minimum(entropy, given.entropy), _log_mass(behind), *drawn]


def _log_mass(behind: Floats) -> float:
    return min(float(behind[0, 0]), 0.0)


def _token_mass(lattice: lalr.Lattice, weight: Floats) -> tuple[Tokens, Tokens, Floats]:
    """(position, token, probability) of all tokens on the ways, each once."""
    position, on_way = np.repeat(np.arange(len(lattice.ptr) - 1), np.diff(lattice.ptr)), weight > 0
    columns = int(lattice.token.max()) + 1
    cells, which = np.unique(position[on_way] * columns + lattice.token[on_way], return_inverse=True)
    mass = np.bincount(which, weight[on_way], len(cells)).astype(np.float64)
    return cells // columns, cells % columns, mass


def _scatter(out: torch.Tensor, position: Tokens, token: Tokens, values: Floats) -> None:
    """Values into `out` [N, V]."""
    places = torch.from_numpy(position).to(out.device), torch.from_numpy(token).to(out.device)
    out[places] = torch.from_numpy(values).to(out.device, out.dtype)


def _stacked(found: list[list[Any]], types: tuple[torch.dtype, ...], flat: bool,
             device: torch.device) -> list[torch.Tensor]:
    """The columns of what was found for the rows, each as one tensor."""
    columns = [torch.from_numpy(np.stack([np.asarray(v) for v in column])).to(device, kind)
               for column, kind in zip(zip(*found, strict=True), types, strict=False)]
    return [column[0] if flat else column for column in columns]


def _configurations(graph: LazyGraph, start: Any) -> list[Configuration]:
    """One configuration or a list of them. Raises `SpecError` for others than `LazyGraph.run` gives: kernels check no
    index; `EmptyLanguage` for one off the language."""
    found: list[Any] = start if isinstance(start, list) else [start]
    if not found:
        raise SpecError("start must be a configuration or one a row, not empty")
    for state in found:
        if state == LOST:
            raise lost()
        if state != ENDED and (not _is_configuration(graph, state) or graph.run([], state) == LOST):
            raise SpecError(f"start: the graph has no configuration {shown(state)}", hint="take what its `run` gives")
    return found


def _is_configuration(graph: LazyGraph, state: Any) -> bool:
    """Does every state of the stack follow the one below it, and is there such a state of the lexer?"""
    tables = graph.machine.tables
    if not (isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], tuple)
            and all(isinstance(part, int) for part in (*state[0], state[1]))):
        return False
    stack, lexer = state
    if stack[:1] != (0,) or not -1 <= lexer < len(tables.delta):
        return False
    return all(0 < above < len(tables.act) and bool((tables.act[below] == above + 1).any()
                                                    or (tables.goto[below] == above).any())
               for below, above in pairwise(stack))
