"""SGLang: a general plug-in with which diffusion models keep to `response_format`, `regex` and choices.

Installed beside SGLang, nothing has to be set: the algorithms `Gemma4Renoise`, `LowConfidence` and `JointThreshold` are
replaced by subclasses that condition the logits of the requests that have a constraint. Besides SGLang's own fields,
``custom_params`` may carry ``structfill``, an object (or its text) as `structfill.serving.parse` takes it.
"""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from structfill.errors import SpecError, StructfillError, UnsupportedFeature
from structfill.serving import Compiler, Draft
from structfill.versions import require
from structfill.vocab import Vocab

LEAST, BELOW = "0.5.23", "0.6"
KEY = "structfill"  # in `SamplingParams.custom_params`
OPEN = -1
FORBIDDEN = -1e20  # finite, because SGLang multiplies log probabilities by probabilities

_requests: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
_compilers: dict[tuple[Any, ...], Compiler] = {}
_lock = threading.Lock()


def register() -> None:
    """The entry point of ``sglang.srt.plugins``; harmless when called again. Raises `ModelError` beside a version of
    SGLang that is not supported: SGLang logs it and works as without structfill."""
    import sglang

    require("sglang", LEAST, BELOW, extra="sglang", found=sglang.__version__)
    from sglang.srt.dllm import algorithm

    kinds = {"Gemma4Renoise": _Renoise, "LowConfidence": _Unmask, "JointThreshold": _UnmaskAndEdit,
             "JointThresholdInDel": _Refusing}
    for name, kind in kinds.items():
        base = algorithm.algo_name_to_cls.get(name)
        if base is not None and not issubclass(base, _Constrained):
            algorithm.algo_name_to_cls[name] = type(name, (kind, base), {"__module__": __name__})


def request_of(params: Any) -> str | None:
    """The constraint of `SamplingParams` as a text, or None where there is none.

    Raises `SpecError` for two of them, `UnsupportedFeature` for kinds that cannot be honoured.
    """
    for name in ("ebnf", "structural_tag"):
        if getattr(params, name) is not None:
            raise UnsupportedFeature(name, f"{name} is not supported with diffusion models",
                                     hint="use json_schema, regex or custom_params")
    own = (params.custom_params or {}).get(KEY)
    given = [name for name, value in (("json_schema", params.json_schema), ("regex", params.regex), (KEY, own))
             if value is not None]
    if len(given) > 1:
        raise SpecError(f"the request has more than one constraint: {', '.join(given)}")
    if not given:
        return None
    if own is not None:
        return own if isinstance(own, str) else json.dumps(own, ensure_ascii=False)
    return json.dumps({"regex": params.regex} if params.regex is not None else {"json_schema": params.json_schema})


def compiler_of(req: Any) -> Compiler:
    """The compiler over the vocabulary of a request's model."""
    if req.tokenizer is None:
        raise SpecError("constraints need the tokenizer", hint="start without --skip-tokenizer-init")
    mask = req.dllm_config.mask_id
    key = id(req.tokenizer), tuple(sorted(req.eos_token_ids or ())), mask
    with _lock:
        if key not in _compilers:
            _compilers[key] = Compiler(Vocab.of(req.tokenizer, eos=key[1] or None, mask=mask if mask >= 0 else None))
        return _compilers[key]


class _Constrained:
    """What the algorithms have in common: admission, and the text of each row."""

    block_size: int
    context: int | None = None

    @classmethod
    def validate_request(cls, req: Any) -> str | None:
        params = req.sampling_params
        try:
            request = request_of(params)
            if request is not None:
                req.structfill_graph = compiler_of(req)(request)
                cls._check(req)
        except StructfillError as error:
            return str(error)
        if request is not None:
            params.json_schema = params.regex = None  # or SGLang's own grammars would take them up
            _requests[req.rid] = req
        return super().validate_request(req)  # type: ignore[misc,no-any-return]

    @classmethod
    def _check(cls, req: Any) -> None:
        """Raise what the first block would raise, as far as the budget is known by now."""
        size, budget = req.dllm_config.block_size, req.sampling_params.max_new_tokens
        if budget is not None:
            Draft(req.structfill_graph, budget).begin(cls._room_in_first(req, size))

    @classmethod
    def _room_in_first(cls, req: Any, size: int) -> int:
        return size

    def run(self, model_runner: Any, *args: Any, **options: Any) -> Any:
        self.context = model_runner.model_config.context_len
        return super().run(model_runner, *args, **options)  # type: ignore[misc]

    def _drafts(self, forward_batch: Any) -> Iterator[tuple[int, Draft, int]]:
        """(row, text, first position of the block that is not given) of the rows that have a constraint."""
        for row, rid in enumerate(forward_batch.rids or ()):
            req = _requests.get(rid)
            if req is None:
                continue
            start = self._start(req)
            if start < self.block_size and (draft := self._draft(req, self.block_size - start)) is not None:
                yield row, draft, start

    def _start(self, req: Any) -> int:
        return 0

    def _draft(self, req: Any, length: int) -> Draft | None:
        """The text of a request at its block at hand; None where that proves impossible: it is aborted then."""
        draft: Draft | None = getattr(req, "structfill_draft", None)
        if draft is None or draft.blocks.written != len(req.output_ids):
            try:
                draft = Draft(req.structfill_graph, self._budget(req))
                draft.blocks.advance(torch.tensor(list(req.output_ids), dtype=torch.long))
                draft.begin(length)
            except StructfillError as error:
                _abort(req, str(error))
                return None
            req.structfill_draft = draft
        return draft

    def _budget(self, req: Any) -> int:
        """Tokens that the request may write: it ends where no whole block fits into the context any more."""
        wanted, size, prompt = req.sampling_params.max_new_tokens, self.block_size, len(req.origin_input_ids)
        aligned = self._start_of_blocks(prompt)
        room = size if self.context is None else (self.context - aligned) // size * size
        room = max(room, size) - (prompt - aligned)
        return room if wanted is None else min(wanted, room)

    def _start_of_blocks(self, prompt: int) -> int:
        return prompt


def _abort(req: Any, message: str) -> None:
    from http import HTTPStatus

    from sglang.srt.managers.schedule_batch import FINISH_ABORT

    _requests.pop(req.rid, None)
    req.to_finish = FINISH_ABORT(message, HTTPStatus.BAD_REQUEST, "BadRequestError")


class _Renoise(_Constrained):
    """DiffusionGemma: the stock step sees the posterior, and emits its argmax, a valid canvas at every step."""

    def step(self, forward_batch: Any, full_logits: torch.Tensor, states: list[Any]) -> Any:
        logits = full_logits
        for row, draft, _ in self._drafts(forward_batch):
            if states[row]["finished"]:
                continue
            if logits is full_logits:
                logits = full_logits.to(torch.float32, copy=True)
            here = logits.view(forward_batch.batch_size, self.block_size, -1)[row]
            temperature = max(self._temperature(states[row]["step"]), 1e-3)  # type: ignore[attr-defined]
            here.copy_(draft.constrain(here, temperature).clamp_(min=FORBIDDEN))
        return super().step(forward_batch, logits, states)  # type: ignore[misc]


class _Unmask(_Constrained):
    """LLaDA2, SDAR: the stock step sees the most probable valid block and the probabilities of its tokens."""

    mask_id: int

    @classmethod
    def _room_in_first(cls, req: Any, size: int) -> int:
        return size - len(req.origin_input_ids) % size

    def _start(self, req: Any) -> int:
        return len(req.origin_input_ids) + len(req.output_ids) - int(req.dllm_block_offset)

    def _start_of_blocks(self, prompt: int) -> int:
        return prompt // self.block_size * self.block_size

    def step(self, forward_batch: Any, full_logits: torch.Tensor, states: list[Any]) -> Any:
        logits = full_logits
        for row, draft, start in self._drafts(forward_batch):
            if logits is full_logits:
                logits = full_logits.to(torch.float32, copy=True)
            here = logits.view(forward_batch.batch_size, self.block_size, -1)[row, start:]
            tokens = forward_batch.input_ids.view(-1, self.block_size)[row, start:]
            fixed = self._evidence(draft, here, torch.where(tokens == self.mask_id, OPEN, tokens).cpu())
            found = draft.evidence(fixed).posterior(here)
            _write(here, found.best.to(here.device), found.confidence.to(here.device))
        return super().step(forward_batch, logits, states)  # type: ignore[misc]

    def _evidence(self, draft: Draft, logits: torch.Tensor, fixed: torch.Tensor) -> torch.Tensor:
        return fixed


class _UnmaskAndEdit(_Unmask):
    """As `_Unmask`; edits of committed tokens happen together or, where they do not fit together, not at all."""

    edit_threshold: float
    penalty_lambda: float

    def step(self, forward_batch: Any, full_logits: torch.Tensor, states: list[Any]) -> Any:
        penalty = self.penalty_lambda
        if penalty > 0:  # a part of the logits that are conditioned, not something to change them afterwards
            full_logits = full_logits.clone()
            tokens = forward_batch.input_ids.view(-1, self.block_size)[:, :-1, None]
            blocks = full_logits.view(len(tokens), self.block_size, -1)
            blocks[:, 1:].scatter_add_(2, tokens, torch.full_like(tokens, -penalty, dtype=blocks.dtype))
        self.penalty_lambda = 0
        try:
            return super().step(forward_batch, full_logits, states)
        finally:
            self.penalty_lambda = penalty

    def _evidence(self, draft: Draft, logits: torch.Tensor, fixed: torch.Tensor) -> torch.Tensor:
        return draft.revised(logits.cpu(), fixed, self.edit_threshold) if (fixed != OPEN).any() else fixed


class _Refusing(_Constrained):
    """Algorithms that delete and insert tokens: a constraint is refused, where SGLang would not look at it."""

    @classmethod
    def validate_request(cls, req: Any) -> str | None:
        params: Any = req.sampling_params
        kinds = "json_schema", "regex", "ebnf", "structural_tag"
        names = [name for name in kinds if getattr(params, name) is not None]
        names += [KEY] if isinstance(params.custom_params, Mapping) and KEY in params.custom_params else []
        if names:
            return f"{cls.__name__} moves tokens about and cannot keep to {', '.join(names)}"
        error: str | None = super(_Constrained, cls).validate_request(req)  # type: ignore[misc]
        return error


def _write(logits: torch.Tensor, tokens: torch.Tensor, confidence: torch.Tensor) -> None:
    """Make logits [N, V] those of which `tokens` [N] are the argmax, with probabilities `confidence` [N], in place."""
    columns = logits.shape[1]
    p = confidence.double().clamp(2 / columns, 1 - 1e-12)[:, None]
    logits.copy_(((1 - p) / (columns - 1)).log().expand(-1, columns))
    logits.scatter_(1, tokens[:, None], p.log().to(logits.dtype))
