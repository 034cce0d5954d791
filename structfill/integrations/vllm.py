"""vLLM: a general plug-in with which DiffusionGemma answers structured requests instead of refusing them.

Once structfill is installed beside vLLM nothing has to be set. `response_format` and `structured_outputs` (json, regex,
choice) work as on other models; ``vllm_xargs`` / ``extra_args`` may carry ``structfill``, the text of an object as
`structfill.serving.parse` takes it. Requests are compiled where they arrive, so that one that cannot be honoured is
answered with HTTP 400 and the place in the schema. The sampler is in `vllm_model`.
"""

from __future__ import annotations

import functools
import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from structfill.blocks import Graph
from structfill.errors import ModelError, SpecError, StructfillError, UnsupportedFeature
from structfill.serving import Compiler, Draft
from structfill.versions import require
from structfill.vocab import Vocab

LEAST, BELOW = "0.32.0", "0.34"
ARCHITECTURE = "DiffusionGemmaForBlockDiffusion"
KEY = "structfill"  # in `SamplingParams.extra_args`

_logger = logging.getLogger(__name__)
_compilers: dict[tuple[Any, ...], Compiler] = {}
_lock = threading.Lock()


def register() -> None:
    """The entry point of ``vllm.general_plugins``; called in every process, and harmless when called again.

    Beside a version of vLLM that is not supported, vLLM works as without structfill, but for a warning, and for
    requests that name ``structfill``: these are refused.
    """
    import vllm
    from vllm import ModelRegistry, SamplingParams
    from vllm.v1.engine.input_processor import InputProcessor

    try:
        require("vllm", LEAST, BELOW, extra="vllm", found=vllm.__version__)
    except ModelError as error:
        _logger.warning("structfill stays away: %s", error)
        reason = str(error)
        _wrap(SamplingParams, "verify", lambda original: _refusing(original, reason))
        return
    ModelRegistry.register_model(ARCHITECTURE, f"{__package__}.vllm_model:ConstrainedDiffusionGemma")
    _wrap(SamplingParams, "_validate_structured_outputs", _admitting)
    _wrap(InputProcessor, "process_inputs", _measuring)


def _wrap(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a method, once."""
    original = getattr(owner, name)
    if not hasattr(original, KEY):
        wrapped = functools.wraps(original)(make(original))
        setattr(wrapped, KEY, True)
        setattr(owner, name, wrapped)


def _refusing(original: Any, reason: str) -> Any:
    def verify(self: Any, *args: Any, **options: Any) -> None:
        if KEY in (self.extra_args or {}):
            raise _bad_request(ModelError(reason))
        original(self, *args, **options)

    return verify


def _admitting(original: Any) -> Any:
    """The guard that refuses structured requests to diffusion models, replaced by one that compiles them."""

    def validate(self: Any, model_config: Any, structured_outputs_config: Any, tokenizer: Any) -> None:
        ours = model_config.is_diffusion and model_config.architecture == ARCHITECTURE
        try:
            if not ours and KEY in (self.extra_args or {}):
                raise UnsupportedFeature(KEY, f"{KEY} constrains {ARCHITECTURE}, which this model is not")
            request = request_of(self, structured_outputs_config) if ours else None
            if request is None:
                original(self, model_config, structured_outputs_config, tokenizer)
                return
            compiler_of(model_config, tokenizer)(request)
        except StructfillError as error:
            raise _bad_request(error) from None
        self.extra_args = {**(self.extra_args or {}), KEY: request}
        self.structured_outputs = None  # or the engine would walk a grammar over the canvas

    return validate


def _measuring(original: Any) -> Any:
    """Where the prompt is known, so is the budget: one that is too small is told before the engine has the request."""

    def process_inputs(self: Any, *args: Any, **options: Any) -> Any:
        found = original(self, *args, **options)
        params = found.sampling_params
        if params is not None and KEY in (params.extra_args or {}):
            try:
                prompt = len(found.prompt_token_ids or found.prompt_embeds or ())
                draft = draft_of(self.model_config, compiler_of(self.model_config, self.tokenizer), params, prompt)
                served = self.vllm_config.diffusion_config
                width = (params.extra_args or {}).get("diffusion_canvas_length") or served.canvas_length
                draft.begin(min(int(width), draft.blocks.left))
            except StructfillError as error:
                raise _bad_request(error) from None
        return found

    return process_inputs


def _bad_request(error: StructfillError) -> Exception:
    from vllm.exceptions import VLLMValidationError

    return VLLMValidationError(str(error), parameter="structured_outputs")  # type: ignore[no-any-return]


def request_of(params: Any, config: Any = None) -> str | None:
    """The constraint of `SamplingParams` as a text, or None where there is none.

    Raises `SpecError` for two constraints, `UnsupportedFeature` for options that cannot be honoured.
    """
    given, extra = (params.extra_args or {}).get(KEY), params.extra_args or {}
    wanted = params.structured_outputs
    if given is not None and wanted is not None:
        raise SpecError(f"the request has both {KEY} and structured_outputs (or response_format)")
    if given is None and wanted is None:
        return None
    if extra.get("diffusion_constrained"):
        raise SpecError("diffusion_constrained cannot be used together with a constraint")
    if given is not None:
        return given if isinstance(given, str) else json.dumps(given)
    return json.dumps(_spec(wanted, config), ensure_ascii=False)


def _spec(wanted: Any, config: Any) -> Mapping[str, Any]:
    """`StructuredOutputsParams` as `structfill.serving.parse` takes it."""
    for name in ("structural_tag", "whitespace_pattern"):
        if getattr(wanted, name, None) is not None:
            raise UnsupportedFeature(name, f"{name} is not supported with diffusion models")
    if _flag("disable_additional_properties", wanted, config):
        raise UnsupportedFeature("disable_additional_properties",
                                 hint="write additionalProperties: false in the schema")
    compact = {"whitespace": "compact"} if _flag("disable_any_whitespace", wanted, config) else {}
    if wanted.json is not None:
        return {"json_schema": _loaded(wanted.json), **compact}
    if wanted.json_object:
        return {"json_schema": {"type": "object"}, **compact}
    return next({name: value} for name in ("regex", "choice", "grammar")
                if (value := getattr(wanted, name)) is not None)


def _flag(name: str, wanted: Any, config: Any) -> bool:
    return bool(getattr(wanted, name, False) or getattr(config, name, False))


def _loaded(schema: Any) -> Any:
    if not isinstance(schema, str):
        return schema
    try:
        return json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"the schema is not JSON: {error}") from None


def compiler_of(model_config: Any, tokenizer: Any) -> Compiler:
    """The compiler over the model's vocabulary, the same in every process; its end-of-text tokens are those at which
    the server stops. Raises `SpecError` where there is no tokenizer, or one that structfill cannot read."""
    if tokenizer is None:
        raise SpecError("constraints need the tokenizer", hint="start without skip_tokenizer_init")
    config = model_config.try_get_generation_config()
    ends = config.get("eos_token_id")
    ends = tuple(ends) if isinstance(ends, (list, tuple)) else () if ends is None else (ends,)
    key = (model_config.tokenizer, model_config.tokenizer_revision, ends, config.get("pad_token_id"))
    with _lock:
        if key not in _compilers:
            vocab = Vocab.of(tokenizer, eos=ends or None, pad=config.get("pad_token_id"))
            _compilers[key] = Compiler(vocab)
        return _compilers[key]


def draft_of(model_config: Any, compiler: Callable[[str], Graph], params: Any, prompt: int) -> Draft:
    """The text that a request with ``structfill`` writes; `prompt` is the number of tokens before it.

    Positions that the request pins (``diffusion_pinned``) are fixed in the output too, which vLLM alone does not do.
    """
    extra = params.extra_args
    room = max(1, model_config.max_model_len - prompt)
    budget = room if params.max_tokens is None else min(params.max_tokens, room)
    seed, pins = extra.get("diffusion_seed_canvas"), extra.get("diffusion_pinned")
    fixed = {int(at): int(seed[at]) for at in pins} if seed is not None and pins else None
    return Draft(compiler(extra[KEY]), budget, fixed)
