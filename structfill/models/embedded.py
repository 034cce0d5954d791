"""The model that structfill carries: a small copy-biased denoiser that reads a text and fills in JSON.

Weights are input and are treated as such: the file's size, checksum, names, shapes and dtypes are checked before
anything is used, and nothing in it is executed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from ..errors import ModelError, StructfillError, warn_caller
from .denoiser import Denoiser, DenoiserConfig, Memory
from .layout import canvas_layout

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from ..vocab import Vocab

P = ParamSpec("P")
R = TypeVar("R")
FORMAT = "structfill-denoiser-2"
WEIGHTS, TOKENIZER = "denoiser.safetensors", "tokenizer.json"
MAX_BYTES = 64 << 20
MAX_PROMPT = 1024  # tokens; training saw prompts of up to 340
MAX_OUTLINE = 512  # tokens
SEEN = 512  # tokens written before a canvas that it looks back to
_MAX_CHARS = 64 * MAX_PROMPT
_BOUNDS = {"vocab": (3, 1 << 18), "width": (2, 4096), "layers": (1, 64), "heads": (1, 64), "hidden": (1, 16384),
           "taps": (1, 8)}  # fmt: skip


def _on_one_thread(method: Callable[P, R]) -> Callable[P, R]:
    """Run a method with one torch thread: its matrices are small, waiting for a second thread costs more than it
    saves (forty times more on a busy machine), and results do not depend on the number of cores."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return method(*args, **kwargs)
        finally:
            torch.set_num_threads(threads)

    return wrapped


class EmbeddedModel:
    """The default model; `EmbeddedModel.load()` makes one in well under a second.

    Attributes:
        vocab: its 4,096 tokens.
        canvas_length: positions of a canvas unless the caller says otherwise.
    """

    canvas_length: int = 192

    def __init__(self, denoiser: Denoiser, tokenizer: Tokenizer, vocab: Vocab) -> None:
        self.vocab = vocab
        self._denoiser = denoiser.eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._last: tuple[Tensor, Memory] | None = None

    @classmethod
    def load(cls, directory: Path | None = None) -> EmbeddedModel:
        """Read the weights and the tokenizer of `directory`, by default those in the package.

        Raises `ModelError` that names the file, what was expected and what was found.
        """
        directory = Path(__file__).parent / "default" if directory is None else Path(directory)
        tokenizer, vocab = _read_tokenizer(directory / TOKENIZER)
        denoiser = read_weights(directory / WEIGHTS)
        if denoiser.config.vocab != len(vocab):
            raise ModelError(
                f"{directory / WEIGHTS}: expected weights for the {len(vocab)} tokens of {TOKENIZER}, "
                f"found {denoiser.config.vocab}"
            )
        return cls(denoiser, tokenizer, vocab)

    def encode(self, text: str, outline: str | None) -> list[int]:
        """Token ids of `text`, a line end, the outline and a line end.

        A text that is too long loses its middle, with a warning; a text is never refused.
        """
        tail = self._tokens("\n" + outline + "\n" if outline else "\n")
        if len(tail) > MAX_OUTLINE:
            warn_caller(UserWarning(f"the outline of the schema was cut to {MAX_OUTLINE} tokens"))
            tail = tail[:MAX_OUTLINE]
        clipped = len(text) > _MAX_CHARS
        head = self._tokens(text[: _MAX_CHARS // 2] + text[-_MAX_CHARS // 2 :] if clipped else text)
        room = MAX_PROMPT - len(tail)
        if clipped or len(head) > room:
            warn_caller(UserWarning(f"the text is longer than the {room} tokens that the embedded model reads; its "
                                    "middle was left out"))
            first = room * 2 // 3
            head = head[:first] + head[max(first, len(head) - (room - first)) :]
        return head + tail

    def _tokens(self, text: str) -> list[int]:
        clean = text.encode("utf-8", "replace").decode("utf-8")
        return self._tokenizer.encode(clean, add_special_tokens=False).ids

    @_on_one_thread
    @torch.no_grad()
    def __call__(self, context: Tensor, canvas: Tensor) -> Tensor:
        """Log-probabilities float32 [B, N, V], finite everywhere; the prompt is encoded once and then remembered."""
        if not context.shape[1]:
            context = context.new_full((len(context), 1), self.vocab.pad_id or 0)  # nothing to read
        memory = self._memory(context)
        layout = canvas_layout(canvas, self.vocab.mask_id or 1, self._denoiser.config.taps)
        return self._denoiser.log_probs(*self._denoiser.decode(layout, memory), memory)

    def behind(self, context: Tensor, before: Tensor, canvas: Tensor) -> Tensor:
        """As a call, of a canvas behind the tokens `before`, of which it sees the last `SEEN`: attention to all of them
        would cost their number times that of the canvas, and it was trained on shorter texts."""
        seen = before[:, -SEEN:]
        return self(context, torch.cat([seen, canvas], 1))[:, seen.shape[1] :]

    def _memory(self, context: Tensor) -> Memory:
        last = self._last
        if last is not None and torch.equal(last[0], context):
            return last[1]
        memory = self._denoiser.encode(context, context != (self.vocab.pad_id or 0))
        self._last = (context.clone(), memory)
        return memory


def _read_tokenizer(path: Path) -> tuple[Tokenizer, Vocab]:
    from tokenizers import Tokenizer

    from ..vocab import Vocab

    try:
        vocab = Vocab.from_file(path)
        tokenizer = Tokenizer.from_file(str(path))
    except StructfillError as error:
        raise ModelError(f"{path}: expected the tokenizer of the embedded model, found: {error}") from None
    except Exception as error:  # the tokenizers library raises plain `Exception`
        raise ModelError(f"{path}: expected a tokenizer, found: {error}") from None
    tokenizer.encode_special_tokens = True  # "<mask>" in a text is text
    if vocab.mask_id is None or not vocab.eos_ids or vocab.pad_id is None:
        raise ModelError(
            f"{path}: expected the special tokens <pad>, <mask> and <eos>, found not all of them"
        )
    return tokenizer, vocab


def digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 (hex) over names, dtypes, shapes and bytes, in the order of names."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.view(torch.uint8).numpy().tobytes() if tensor.dim() else tensor.numpy().tobytes())
    return total.hexdigest()


def read_weights(path: Path) -> Denoiser:
    """The network of a weights file, dequantised to float32. Raises `ModelError`."""
    from safetensors import SafetensorError, safe_open

    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelError(f"{path}: expected at most {MAX_BYTES:,} bytes, found {size:,}")
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except ModelError:
        raise
    except (OSError, SafetensorError, ValueError, RuntimeError, TypeError, KeyError) as error:
        raise ModelError(
            f"{path}: expected a safetensors file of the embedded model, found: {error}"
        ) from None
    if metadata.get("format") != FORMAT:
        raise ModelError(f"{path}: expected format {FORMAT!r}, found {metadata.get('format')!r:.80}")
    config = _read_config(path, metadata.get("config", ""))
    found = digest(tensors)
    if metadata.get("sha256") != found:
        raise ModelError(f"{path}: expected sha256 {metadata.get('sha256')!r:.80}, found {found!r}")
    with torch.device("meta"):
        denoiser = Denoiser(config)
    weights = {}
    for name, parameter in denoiser.named_parameters():
        weights[name] = _dequantised(path, name, parameter.shape, tensors)
    if tensors:
        raise ModelError(
            f"{path}: expected no tensor beside those of the network, found {sorted(tensors)[0]!r:.80}"
        )
    denoiser.to_empty(device="cpu")
    denoiser.reset_frequency()
    denoiser.load_state_dict(weights)
    return denoiser


def _read_config(path: Path, text: str) -> DenoiserConfig:
    try:
        raw: Any = json.loads(text)
        sizes = {name: raw[name] for name in _BOUNDS}
        theta = float(raw["theta"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError(
            f"{path}: expected a configuration with {', '.join(_BOUNDS)}, found {text!r:.120}"
        ) from None
    for name, (low, high) in _BOUNDS.items():
        if type(sizes[name]) is not int or not low <= sizes[name] <= high:
            raise ModelError(f"{path}: expected {name} from {low} to {high}, found {sizes[name]!r:.40}")
    if sizes["width"] % (2 * sizes["heads"]):
        raise ModelError(f"{path}: expected a width divisible by twice the heads, found {sizes['width']}")
    if not (math.isfinite(theta) and theta > 0):
        raise ModelError(f"{path}: expected a finite theta above 0, found {theta}")
    return DenoiserConfig(**sizes, theta=theta)


def _dequantised(path: Path, name: str, shape: torch.Size, tensors: dict[str, Tensor]) -> Tensor:
    """Take one parameter out of `tensors`: float32, or int8 with one float32 scale for each row."""
    tensor, scale = tensors.pop(name, None), tensors.pop(f"{name}.scale", None)
    if tensor is None:
        raise ModelError(f"{path}: expected the tensor {name!r}, found none")
    wanted = torch.float32 if scale is None else torch.int8
    if tensor.shape != shape or tensor.dtype != wanted:
        raise ModelError(
            f"{path}: expected {name!r} as {wanted} {tuple(shape)}, found {tensor.dtype} {tuple(tensor.shape)}"
        )
    if scale is None:
        value = tensor
    else:
        if scale.dtype != torch.float32 or scale.shape != shape[:1]:
            raise ModelError(
                f"{path}: expected '{name}.scale' as torch.float32 ({shape[0]},), "
                f"found {scale.dtype} {tuple(scale.shape)}"
            )
        value = tensor.float() * scale[:, None]
    if not bool(value.isfinite().all()):
        raise ModelError(f"{path}: expected finite numbers in {name!r}, found others")
    return value
