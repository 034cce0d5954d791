"""diffusers: schedulers that make `DiffusionGemmaPipeline` and `LLaDA2Pipeline` write constrained text.

    pipe.scheduler = ConstrainedEntropyBoundScheduler.from_config(pipe.scheduler.config)
    pipe.scheduler.constrain(structfill.compile(structfill.json_schema(schema), structfill.Vocab.of(tokenizer)))
    text = pipe("a prompt").texts[0]

At every step the scheduler sees the logits of the posterior over all valid canvases, and on the last one it commits the
most probable canvas, where the stock scheduler would leave noise if its steps run out.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from structfill.blocks import Graph
from structfill.errors import ModelError, SpecError, UnsupportedFeature
from structfill.serving import Draft
from structfill.versions import require

require("diffusers", "0.42.1", "0.44", extra="diffusers")

from diffusers import BlockRefinementScheduler, EntropyBoundScheduler  # noqa: E402  (behind the version check)

Constraints = Graph | Sequence[Graph | None]
OPEN = -1


class _Drafts:
    """The texts of the rows: what both schedulers have in common."""

    num_inference_steps: int
    _graphs: Constraints | None = None
    _max_tokens: int | None = None
    _fixed: Any = None
    _drafts: list[Draft | None] = []  # replaced by every run, never changed

    def constrain(self, graphs: Constraints, max_tokens: int | None = None, fixed: Any = None) -> Any:
        """Constrain the texts of all runs from now on; returns the scheduler.

        Args:
            graphs: one for all rows, or one for every row, None where a row is free.
            max_tokens: tokens that a text may have over all canvases; not more than the pipeline's `gen_length`, or
                texts are cut off. None: what the first canvas or block holds.
            fixed: token ids by position in the text, as `structfill.Blocks` takes them, or a list with one a row.
        """
        self._graphs, self._max_tokens, self._fixed, self._drafts = graphs, max_tokens, fixed, []
        return self

    @property
    def complete(self) -> list[bool]:
        """After a run, for every row: is its text whole? False where max_tokens was more than the run has written."""
        return [draft is None or draft.complete for draft in self._drafts]

    def _begin(self, rows: int, length: int) -> None:
        """A new canvas of `length` positions in all rows."""
        if not self._drafts:
            self._drafts = self._new(rows)
        if len(self._drafts) != rows:
            raise SpecError(f"the run began with {len(self._drafts)} rows and now has {rows}; call set_timesteps first")
        for draft in self._drafts:
            if draft is not None:
                draft.begin(length)

    def _new(self, rows: int) -> list[Draft | None]:
        if self._graphs is None:
            raise SpecError(f"{type(self).__name__} has no constraint", hint="call its constrain(graph) before the run")
        graphs = list(self._graphs) if isinstance(self._graphs, Sequence) else [self._graphs] * rows
        many = isinstance(self._fixed, Sequence) and all(f is None or isinstance(f, Mapping) for f in self._fixed)
        fixed = list(self._fixed) if many else [self._fixed] * rows
        if len(graphs) != rows or len(fixed) != rows:
            raise SpecError(f"the run has {rows} rows, and there are {len(graphs)} constraints and {len(fixed)} sets "
                            "of fixed tokens")
        return [None if g is None else Draft(g, self._max_tokens, f) for g, f in zip(graphs, fixed, strict=True)]

    def _rows(self) -> list[tuple[int, Draft]]:
        return [(row, draft) for row, draft in enumerate(self._drafts) if draft is not None]

    def _commit(self, sample: torch.Tensor, where: torch.Tensor) -> None:
        """Write the paths to the positions `where`, bool [N], of canvases [B, N], in place."""
        for row, draft in self._rows():
            assert draft.path is not None  # every step makes one
            sample[row, where] = draft.path.to(sample)


class ConstrainedEntropyBoundScheduler(_Drafts, EntropyBoundScheduler):
    """The entropy-bound scheduler of `DiffusionGemmaPipeline`, over valid texts only; see `constrain`.

    Entropies, acceptance, self-conditioning and early stopping all see the posterior. A callback must leave the canvas
    as it is, or the next one does not go on from it.
    """

    @functools.wraps(EntropyBoundScheduler.set_timesteps)
    def set_timesteps(self, *args: Any, **options: Any) -> None:
        super().set_timesteps(*args, **options)
        self._drafts = []  # a new run

    @functools.wraps(EntropyBoundScheduler.step)  # the pipeline passes what the signature names
    def step(self, model_output: torch.Tensor, timestep: int | torch.Tensor, sample: torch.Tensor,
             **options: Any) -> Any:
        if int(timestep) == 0:
            self._begin(*sample.shape)
        temperature, logits = self._temperature(int(timestep)), model_output.to(torch.float32, copy=True)
        for row, draft in self._rows():
            draft.settle(sample[row])
            logits[row] = draft.constrain(model_output[row], temperature)
        in_dict = options.pop("return_dict", True)
        out = super().step(logits, timestep, sample, **options)
        if int(timestep) == self.num_inference_steps - 1:
            self._commit(out.prev_sample, torch.ones(sample.shape[1], dtype=torch.bool))
        return out if in_dict else out.to_tuple()

    def _temperature(self, timestep: int) -> float:
        """That of the step, as the schedule has it; not below 1e-3."""
        left = (self.num_inference_steps - timestep) / self.num_inference_steps
        return max(float(self.config.t_min + (self.config.t_max - self.config.t_min) * left), 1e-3)


class ConstrainedBlockRefinementScheduler(_Drafts, BlockRefinementScheduler):
    """The commit-by-confidence scheduler of `LLaDA2Pipeline` (blocks of masks) and `DiffusionGemmaPipeline` (noise),
    over valid texts only; see `constrain`.

    What is committed is evidence for the rest; candidates are the most probable valid block, or an exact draw where
    temperature is not 0. Edits of committed tokens happen together or, where they do not fit together, not at all.
    """

    _chosen: dict[int, tuple[torch.Tensor, torch.Tensor]] | None = None

    @functools.wraps(BlockRefinementScheduler.set_timesteps)
    def set_timesteps(self, *args: Any, **options: Any) -> None:
        super().set_timesteps(*args, **options)
        self._drafts = []  # a new run

    @functools.wraps(BlockRefinementScheduler.step)  # the pipeline passes what the signature names
    def step(self, model_output: torch.Tensor, timestep: int | torch.Tensor, sample: torch.Tensor,
             **options: Any) -> Any:
        _refuse_filters(options)
        prompt, uniform = options.get("prompt_mask"), options.get("mask_token_id") is None
        where = torch.ones(sample.shape[1], dtype=torch.bool) if prompt is None else ~prompt.cpu()
        if int(timestep) == 0:
            self._begin(len(sample), int(where.sum()))
        last = int(timestep) >= self.num_inference_steps - 1
        if last:
            options["temperature"] = 0.0  # what a pipeline takes instead, if it stops here, is the argmax
        logits, self._chosen = model_output.to(torch.float32, copy=True), {}
        known = self._known(int(timestep), sample, options.get("mask_token_id"))
        for row, draft in self._rows():
            x, fixed = model_output[row, where], torch.where(known[row], sample[row], OPEN)[where].cpu()
            if uniform:
                draft.settle(sample[row])
            fixed = self._revised(draft, x, fixed, options)
            self._chosen[row] = self._wide(where, x.device, *_candidates(draft, x, fixed, options))
            if uniform:  # with masks, nobody reads them
                logits[row] = draft.constrain(x, _sampling(options)[0], fixed)
        in_dict = options.pop("return_dict", True)
        out = super().step(logits, timestep, sample, **options)
        if self._chosen is not None:
            raise ModelError("this version of diffusers chooses candidates in another way than structfill knows")
        if last:
            self._finish(out, where, known)
        return out if in_dict else out.to_tuple()

    def _known(self, timestep: int, sample: torch.Tensor, mask: int | None) -> torch.Tensor:
        """bool [B, N]: the positions that are committed."""
        if mask is not None:
            return sample != mask
        committed = self._committed
        return torch.zeros_like(sample, dtype=torch.bool) if timestep == 0 or committed is None else committed

    def _revised(self, draft: Draft, logits: torch.Tensor, fixed: torch.Tensor,
                 options: Mapping[str, Any]) -> torch.Tensor:
        """The committed tokens with those edits that the scheduler would make."""
        editing = options.get("editing_threshold")
        editing = self.config.editing_threshold if editing is None else editing
        if editing is None or editing <= 0 or not (fixed != OPEN).any():
            return fixed
        return draft.revised(logits.cpu(), fixed, float(editing))

    @staticmethod
    def _wide(where: torch.Tensor, device: torch.device, tokens: torch.Tensor,
              confidence: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The candidates of a whole block; positions of the prompt hold nothing that is ever committed."""
        all_tokens = torch.zeros(len(where), dtype=torch.long, device=device)
        all_confidence = torch.zeros(len(where), device=device)
        all_tokens[where], all_confidence[where] = tokens.to(device), confidence.to(device)
        return all_tokens, all_confidence

    def _sample_from_logits(self, logits: torch.Tensor, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
        tokens, confidence = super()._sample_from_logits(logits, **options)
        for row, (chosen, probability) in (self._chosen or {}).items():
            tokens[row], confidence[row] = chosen, probability.to(confidence)
        self._chosen = None
        return tokens, confidence

    def _finish(self, out: Any, where: torch.Tensor, known: torch.Tensor) -> None:
        """The steps have run out: commit what is open."""
        self._commit(out.prev_sample, where)
        for row, _ in self._rows():
            out.transfer_index[row, where] |= ~known[row, where]


def _candidates(draft: Draft, logits: torch.Tensor, fixed: torch.Tensor,
                options: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens [N] of one valid canvas and their probabilities [N], given what is fixed [N]."""
    temperature, greedy = _sampling(options)
    found = draft.evidence(fixed).posterior(logits, draw=not greedy, generator=options.get("generator"),
                                            temperature=temperature)
    if found.sample is None or found.sample_confidence is None:
        draft.path = found.best
        return found.best, found.confidence
    draft.path = found.sample
    return found.sample, found.sample_confidence


def _refuse_filters(options: Mapping[str, Any]) -> None:
    """top_k and top_p look at positions one by one, and could leave no valid block."""
    for name, off in (("top_k", 0), ("top_p", 1.0)):
        value = options.get(name)
        if value is not None and value != off and _sampling(options)[1] is False:
            raise UnsupportedFeature(name, f"{name} cannot be used with a constraint: it could leave no valid text",
                                     hint="lower the temperature instead")


def _sampling(options: Mapping[str, Any]) -> tuple[float, bool]:
    """(temperature, greedy) as the stock scheduler decides them."""
    temperature, method = float(options.get("temperature", 0.0)), options.get("sampling_method", "auto")
    if temperature < 0:
        raise SpecError(f"temperature must not be negative, but is {temperature}")
    greedy = temperature == 0 or method == "greedy"
    return (1.0 if greedy else temperature), greedy
