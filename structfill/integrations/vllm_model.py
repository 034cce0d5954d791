"""vLLM's DiffusionGemma with a sampler that keeps to the constraint of each request; see `vllm`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from vllm.model_executor.models.diffusion_gemma import (
    DiffusionGemmaForConditionalGeneration,
    DiffusionGemmaModelState,
    DiffusionSampler,
    _denoise_temperature,
)
from vllm.tokenizers import cached_tokenizer_from_config

from structfill.serving import Draft

from .vllm import KEY, compiler_of, draft_of


class ConstrainedSampler(DiffusionSampler):
    """Lets the stock sampler see, for every row of canvas that is being denoised under a constraint, the logits of the
    posterior; their argmax, which it emits, is a valid canvas at every step. Other rows are not touched.

    Attributes:
        drafts: the text of every slot that has a constraint.
    """

    drafts: dict[int, Draft]

    def __call__(self, logits: torch.Tensor, input_batch: Any, draft_logits: torch.Tensor | None = None) -> Any:
        if self.drafts and input_batch.num_draft_tokens > 0:
            logits = self._constrained(logits, input_batch)
        return super().__call__(logits, input_batch, draft_logits)

    def _constrained(self, logits: torch.Tensor, input_batch: Any) -> torch.Tensor:
        """A copy of logits [rows, V] in float32, in which the rows of slots with a constraint are conditioned."""
        rows = self._rows(input_batch)
        if not rows:
            return logits
        slots = torch.tensor([slot for slot, _, _ in rows], device=logits.device)
        committing = self.diffusion_states.is_encoder_phase[slots].tolist()
        temperatures = self._temperatures(slots)
        out = logits.to(torch.float32, copy=True)  # the runner owns the given ones
        for (slot, first, last), final, temperature in zip(rows, committing, temperatures, strict=True):
            draft = self.drafts[slot]
            if final:  # this step emits the canvas, whatever the logits are
                draft.finish()
                continue
            if not draft.open:
                draft.begin(last - first)
            out[first:last] = draft.constrain(logits[first:last], temperature)
        return out

    def _rows(self, input_batch: Any) -> list[tuple[int, int, int]]:
        """(slot, first row, last row) of the canvases under a constraint."""
        count = input_batch.num_reqs
        slots, ends = input_batch.idx_mapping_np[:count].tolist(), input_batch.cu_num_logits_np[: count + 1].tolist()
        return [(slot, first, last) for slot, first, last in zip(slots, ends[:-1], ends[1:], strict=True)
                if last > first and slot in self.drafts]

    def _temperatures(self, slots: torch.Tensor) -> list[float]:
        """Those of the schedule, by which the stock sampler divides afterwards; not below 1e-3."""
        states = self.diffusion_states
        found = _denoise_temperature(states.step, slots, float(states.max_denoising_steps), self.t_min, self.t_max)
        return [max(float(t), 1e-3) for t in np.asarray(found.tolist())]


class ConstrainedModelState(DiffusionGemmaModelState):
    """Reads the constraints of requests as they enter the batch."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.drafts: dict[int, Draft] = {}

    def custom_sampler(self, sampler: Any) -> tuple[Any, Any] | None:
        made = super().custom_sampler(sampler)
        if made is not None:
            # Made by vLLM, whose constructor takes other arguments in every version.
            made[0].__class__ = ConstrainedSampler
            made[0].drafts = self.drafts
        return made  # type: ignore[no-any-return]

    def add_request(self, req_index: int, new_req_data: Any) -> None:
        super().add_request(req_index, new_req_data)
        self.drafts.pop(req_index, None)
        params = new_req_data.sampling_params
        if params is None or KEY not in (params.extra_args or {}):
            return
        prompt = len(new_req_data.prompt_token_ids)
        compiler = compiler_of(self.model_config, cached_tokenizer_from_config(self.model_config))
        draft = draft_of(self.model_config, compiler, params, prompt)
        if written := (new_req_data.prefill_token_ids or [])[prompt:]:  # it was preempted
            draft.blocks.advance(torch.tensor(written))
        self.drafts[req_index] = draft

    def remove_request(self, req_id: str) -> None:
        self.drafts.pop(self._req_id_to_index.get(req_id, -1), None)
        super().remove_request(req_id)


class ConstrainedDiffusionGemma(DiffusionGemmaForConditionalGeneration):
    """The model itself is vLLM's."""

    @staticmethod
    def get_model_state_cls() -> type[ConstrainedModelState]:
        return ConstrainedModelState
