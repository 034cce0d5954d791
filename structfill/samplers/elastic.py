"""Decoding for models that grow and shrink a hole (DreamOn): expand and delete tokens beside the text's.

A mask may become a token, two masks (expand) or nothing (delete). All three compete at every open position, each only
where a valid text remains: tokens by the trellis of the present layout, growth and shrinkage by the lengths that the
stretch around the position could have. Where the next length with a filling is several tokens away, the stretch goes
there at once, so the layout has a filling at every pass and what is committed lies on one path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from ..errors import BudgetTooSmall, EmptyLanguage, ModelError, SpecError
from ..tokengraph import TokenGraph
from ..trellis import OPEN, Gap, Posterior, Trellis, apply, feasible_lengths, gaps
from .options import SamplerOptions
from .step import denoiser_logits

if TYPE_CHECKING:
    from ..models.protocol import ElasticModel

TEXT, EXPAND, DELETE = range(3)
FAR = 1e30  # a logit that no other comes near
FURTHEST = 4096  # tokens: how far beyond the budget a shortest filling is looked for


@dataclass(frozen=True)
class ElasticStep:
    """The state after one pass.

    Attributes:
        index: 1 for the first pass.
        tokens: the whole text, `left` and `right` included: valid, of the length that the model saw at this pass.
        hole: tokens of it in the hole.
        committed: how many of those the next pass takes as given.
        changes: how often the hole has grown or shrunk so far, this pass included.
        log_mass: log probability that the model unaided would have drawn a valid text of this length.
        done: is this the last one?
    """

    index: int
    tokens: tuple[int, ...]
    hole: int
    committed: int
    changes: int
    log_mass: float
    done: bool


def elastic(model: ElasticModel, context: torch.Tensor, graph: TokenGraph, left: Sequence[int] = (),
            right: Sequence[int] = (), options: SamplerOptions | None = None, *, most: int,
            begin: int = 4) -> Iterator[ElasticStep]:
    """Fill the hole between the tokens `left` and `right`, yielding after every pass.

    `context` int64 [1, P] is what the model reads first; the text has to be in the language of `graph`. The hole begins
    with the length nearest to `begin` that has a filling and never has more than `most` tokens. It changes its length
    at most ``2 * most`` times, in passes that do not count as ``options.passes``; of the other options `temperature`,
    `seed`, `rule` and `threshold` apply.

    Raises `SpecError` for options that do not apply, `EmptyLanguage` where nothing fits between the two sides,
    `BudgetTooSmall` where `most` is too small for what does, `ModelError` for a model without an expand or delete
    token.
    """
    _check(model, context, options := options or SamplerOptions(horizon=None), most)
    hole = _Hole(list(left), list(right), [OPEN] * _first_length(graph, left, right, begin, most), most)
    generator = torch.Generator().manual_seed(options.seed)
    index, text_passes = 0, 0
    if not hole.open:  # nothing fits but nothing
        yield ElasticStep(0, tuple(hole.layout), 0, 0, 0, 0.0, True)
    while hole.open:
        index += 1
        view = _look(model, context, graph, hole, options, generator)
        place = int(view.score.argmax())
        action = int(view.action[place])
        if action == TEXT:
            text_passes += 1
            hole.commit(view, _chosen(view, options, options.passes - text_passes + 1))
        done = not hole.open
        tokens, length = tuple(view.tokens.tolist()), len(view.tokens) - len(left) - len(right)
        if action != TEXT:
            hole.change(place, view.gaps, action)
        yield ElasticStep(index, tokens, length, len(hole.cells) - hole.open, hole.changes, view.log_mass, done)


class _View(NamedTuple):
    """What a pass says about the layout, [N] each."""

    tokens: torch.Tensor  # int64, the path
    is_open: torch.Tensor  # bool
    action: torch.Tensor  # int64, what to do there
    score: torch.Tensor  # what comes first, -inf where nothing is open
    confidence: torch.Tensor  # that the path's token stands there
    gaps: list[Gap]
    log_mass: float


class _Hole:
    """The cells between two fixed sides: tokens, or `OPEN`."""

    def __init__(self, left: list[int], right: list[int], cells: list[int], most: int) -> None:
        self.left, self.right, self.cells, self.most, self.changes = left, right, cells, most, 0

    @property
    def layout(self) -> list[int]:
        """The whole text."""
        return [*self.left, *self.cells, *self.right]

    @property
    def open(self) -> int:
        """Cells that are not committed."""
        return self.cells.count(OPEN)

    def commit(self, view: _View, chosen: torch.Tensor) -> None:
        """Take the path's tokens at the places `chosen` bool [N]."""
        for place in chosen.nonzero()[:, 0].tolist():
            self.cells[place - len(self.left)] = int(view.tokens[place])

    def change(self, place: int, around: list[Gap], action: int) -> None:
        """Grow or shrink the gap around a place to the next length that has a filling."""
        gap = _gap_at(around, place)
        length = gap.possible.longer(gap.length) if action == EXPAND else gap.possible.shorter(gap.length)
        assert length is not None  # else the action had no odds
        first = gap.first - len(self.left)
        self.cells[first : first + gap.length] = [OPEN] * length
        self.changes += 1


def _gap_at(around: list[Gap], place: int) -> Gap:
    return next(gap for gap in around if gap.first <= place < gap.first + gap.length)


def _look(model: ElasticModel, context: torch.Tensor, graph: TokenGraph, hole: _Hole, options: SamplerOptions,
          generator: torch.Generator) -> _View:
    """One pass of the model over the present layout."""
    layout = torch.tensor(hole.layout, dtype=torch.int64)
    around = gaps(graph, hole.layout, hole.most - len(hole.cells))
    canvas = torch.where(layout == OPEN, model.vocab.mask_id or 0, layout)[None]
    logits = _clean(denoiser_logits(model, context, canvas[:, :0], canvas)[0])
    odds = torch.stack([torch.zeros(len(layout)), logits[:, model.expand_id], logits[:, model.delete_id]], 1)
    text = logits.index_fill(1, _closing(model), -torch.inf)  # the text ends where the layout does
    trellis = Trellis(graph, len(layout), fixed=layout)
    temperature = options.temperature or 1.0
    found = trellis.posterior(text, draw=options.temperature > 0, generator=generator, temperature=temperature,
                              margin=options.rule == "margin")
    odds[:, TEXT] = apply(text[None].clone(), trellis.masks())[0].logsumexp(1)
    odds[~_where(around, len(layout), hole, grow=True), EXPAND] = -torch.inf
    odds[~_where(around, len(layout), hole, grow=False), DELETE] = -torch.inf
    odds[(odds == -torch.inf).all(1), TEXT] = 0.0
    shares = (odds / temperature).softmax(1)
    action = torch.multinomial(shares, 1, generator=generator)[:, 0] if options.temperature else shares.argmax(1)
    return _view(found, shares, action, layout == OPEN, around, options.rule)


def _clean(logits: torch.Tensor) -> torch.Tensor:
    """float32 on the CPU; NaN as -inf and +inf as far above all else."""
    return torch.nan_to_num(logits.float().cpu(), nan=-torch.inf, posinf=FAR, neginf=-torch.inf).clamp_max(FAR)


def _view(found: Posterior, shares: torch.Tensor, action: torch.Tensor, is_open: torch.Tensor, around: list[Gap],
          rule: str) -> _View:
    drawn = found.sample is not None and found.sample_confidence is not None
    tokens = found.sample if drawn and found.sample is not None else found.best
    given = found.sample_confidence if drawn and found.sample_confidence is not None else found.confidence
    confidence = shares[:, TEXT] * given
    if rule == "confidence":
        score = torch.where(action == TEXT, confidence, shares.gather(1, action[:, None])[:, 0])
    elif rule == "margin" and found.margin is not None:
        rival = shares[:, TEXT] * (given - found.margin)
        score = -torch.stack([confidence, rival, shares[:, EXPAND], shares[:, DELETE]], 1).topk(2).values.diff()[:, 0]
    else:
        score = torch.special.xlogy(shares, shares).sum(1) - shares[:, TEXT] * found.entropy
    score = score.masked_fill(~is_open, -torch.inf)
    return _View(tokens, is_open, action, score, confidence, around, float(found.log_mass))


def _where(around: list[Gap], length: int, hole: _Hole, grow: bool) -> torch.Tensor:
    """bool [N]: where the gap may grow, or shrink."""
    may = torch.zeros(length, dtype=torch.bool)
    if hole.changes < 2 * hole.most:
        for gap in around:
            allowed = gap.possible.may_grow(gap.length) if grow else gap.possible.may_shrink(gap.length)
            may[gap.first : gap.first + gap.length] = allowed
    return may


def _chosen(view: _View, options: SamplerOptions, passes_left: int) -> torch.Tensor:
    """bool [N]: the surest open positions that are to be text, an even share of them, and those beyond the threshold;
    all at the last pass."""
    if passes_left <= 1:
        return view.is_open
    is_text = view.is_open & (view.action == TEXT)
    quota = -(-int(view.is_open.sum()) // passes_left)
    surest = view.score.masked_fill(~is_text, -torch.inf).argsort(descending=True, stable=True)[:quota]
    chosen = is_text & (view.confidence > options.threshold)
    chosen[surest] = True
    return chosen & is_text


def _closing(model: ElasticModel) -> torch.Tensor:
    vocab = model.vocab
    return torch.tensor([*vocab.eos_ids, *([] if vocab.pad_id is None else [vocab.pad_id])], dtype=torch.int64)


def _first_length(graph: TokenGraph, left: Sequence[int], right: Sequence[int], begin: int, most: int) -> int:
    possible = feasible_lengths(graph, left, right, most).lengths
    if possible:
        return min(possible, key=lambda n: (abs(n - begin), n))
    longer = feasible_lengths(graph, left, right, most + min(graph.states, FURTHEST)).lengths
    if longer:
        raise BudgetTooSmall(most, longer[0])
    raise EmptyLanguage("no text fits between the two sides: tokens of the left side or of the right one rule it out",
                        hint="give the sides in tokens that the constraint allows to stand there")


def _check(model: ElasticModel, context: torch.Tensor, options: SamplerOptions, most: int) -> None:
    for name in ("expand_id", "delete_id"):
        if not isinstance(getattr(model, name, None), int):
            raise ModelError(f"{type(model).__name__} has no {name}: it cannot grow and shrink a hole; let the length "
                             "be found on a canvas instead (structfill.infill)")
    ids = model.expand_id, model.delete_id, model.vocab.mask_id
    if len(set(ids)) < 3 or not all(0 <= i < len(model.vocab) for i in ids[:2]):
        raise ModelError(f"{type(model).__name__}: expand_id, delete_id and mask_id have to be three tokens of the "
                         f"vocabulary's {len(model.vocab)}, not {ids}")
    if len(context) != 1:
        raise SpecError(f"holes that change their length are filled one text at a time, not {len(context)}")
    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        raise SpecError(f"most must be an integer >= 0, not {most!r}")
    if options.particles > 1 or options.remask or options.entropy_bound is not None:
        raise SpecError("particles, remask and entropy_bound do not apply to holes that change their length")
