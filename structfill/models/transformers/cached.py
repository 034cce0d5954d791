"""The forward of absorbing models over columns, with the keys and values of finished blocks kept between passes.

What is kept is exact: a block sees itself and the blocks before, so nothing that is written later changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from ...errors import ModelError
from . import caches
from .families import Family


@dataclass(frozen=True)
class Columns:
    """A batch as the module sees it.

    Attributes:
        ids: int64 [B, T], prompts with their padding on the left, then what was written and the open canvas.
        text: bool [B, T], False for padding.
        prompt: columns before the text that is written.
        block: length of the blocks, counted in both directions from the first column behind the prompt; or None.
    """

    ids: torch.Tensor
    text: torch.Tensor
    prompt: int
    block: int | None

    def to(self, device: torch.device) -> Columns:
        """The same on another device."""
        return replace(self, ids=self.ids.to(device), text=self.text.to(device))

    def start_of(self, column: int) -> int:
        """Where the block of a column behind the prompt begins; 0 without blocks."""
        return 0 if self.block is None else column - (column - self.prompt) % self.block

    def visible(self, first: int, end: int) -> torch.Tensor:
        """bool [B, end - first, end]: which columns each of those from `first` on sees.

        Padding sees itself, because a row of no keys at all is not a number, and nobody sees padding.
        """
        place = torch.arange(end, device=self.ids.device)
        block = torch.zeros_like(place) if self.block is None else (place - self.prompt) // self.block
        sees = (block[first:, None] >= block[None, :])[None] & self.text[:, None, :end]
        return sees | (place[first:, None] == place[None, :])

    def positions(self, first: int, end: int) -> torch.Tensor:
        """int64 [B, end - first]: places in the text without padding."""
        return (self.text[:, :end].cumsum(1) - 1).clamp_min(0)[:, first:]


class Memory:
    """Keys and values of the columns that are final.

    Attributes:
        columns: what they were computed from, or None for nothing.
        cache: the module's cache.
        last: [B, 1, V], what it predicted at the last of them.
    """

    def __init__(self) -> None:
        self.columns: Columns | None = None
        self.cache: Any = None
        self.last: torch.Tensor | None = None

    @property
    def length(self) -> int:
        """Columns in it."""
        return 0 if self.columns is None else self.columns.ids.shape[1]

    def keep(self, columns: Columns, end: int) -> None:
        """Forget what does not agree with the first `end` columns, whole blocks at a time."""
        agreed = self._agreed(columns, end)
        if agreed < self.length or self.cache is None:
            self.columns, self.last, self.cache = None, None, _empty_cache()

    def _agreed(self, columns: Columns, end: int) -> int:
        old = self.columns
        same = old is not None and (old.prompt, old.block) == (columns.prompt, columns.block) and self.length <= end \
            and len(old.ids) == len(columns.ids) and old.ids.device == columns.ids.device
        if not same or old is None:
            return 0
        now = slice(0, self.length)
        equal = torch.equal(old.ids, columns.ids[:, now]) and torch.equal(old.text, columns.text[:, now])
        return self.length if equal else 0


def _empty_cache() -> Any:
    from transformers import DynamicCache

    return DynamicCache()


def forward(module: Any, family: Family, columns: Columns, memory: Memory, start: int) -> tuple[torch.Tensor, int]:
    """What the module predicts at the columns from one on, [B, T - first, V], and that first column.

    Columns before `start` are final. Raises `ModelError` where the module builds its masks itself and the open canvas
    spans several blocks.
    """
    end = columns.ids.shape[1]
    if not family.cached:
        return _call(module, family, columns, 0, end, {"use_cache": False}), 0
    if family.attention == "own" and end - start > (columns.block or end):
        raise ModelError(f"{family.name} writes blocks of {columns.block} tokens, and the canvas spans several: pass "
                         f"canvas_length={columns.block}, or a divisor of it")
    memory.keep(columns, start)
    for a, b in list(_unread(family, columns, memory.length, start)):
        memory.last = _cached_call(module, family, columns, memory, a, b, store=True)[:, -1:]
        memory.columns = replace(columns, ids=columns.ids[:, :b], text=columns.text[:, :b])
    return _cached_call(module, family, columns, memory, start, end, store=False), start


def _unread(family: Family, columns: Columns, known: int, start: int) -> Iterator[tuple[int, int]]:
    """Stretches of final columns that are not in the memory yet, each for one call."""
    if family.attention != "own" or columns.block is None:
        if known < start:
            yield known, start
        return
    if known < columns.prompt:
        yield known, columns.prompt
    for a in range(max(known, columns.prompt), start, columns.block):
        yield a, a + columns.block


def _cached_call(module: Any, family: Family, columns: Columns, memory: Memory, first: int, end: int,
                 store: bool) -> torch.Tensor:
    """A call that reads the memory, which holds the columns before `first`, and adds to it only if told to."""
    more: dict[str, Any] = {**caches.named(module.forward, memory.cache), "use_cache": True}
    if family.store is not None:
        more[family.store] = store
    logits = _call(module, family, columns, first, end, more)
    if family.store is None and not store:
        memory.cache.crop(first - end)  # below 0: so many columns less
    return logits


def _call(module: Any, family: Family, columns: Columns, first: int, end: int, more: dict[str, Any]) -> torch.Tensor:
    given: dict[str, Any] = {"input_ids": columns.ids[:, first:end], **more}
    if family.positions:
        given["position_ids"] = columns.positions(first, end)
    if family.attention == "keys":
        given["attention_mask"] = columns.text[:, :end].long()
    elif family.attention == "own":  # the prompt in blocks from its start; behind it all of the past and of the block
        given["block_size"] = columns.block if end <= columns.prompt else end
    else:
        sees = columns.visible(first, end)[:, None]
        given["attention_mask"] = sees if family.attention == "bool" else _additive(sees, module)
    logits = getattr(module(**given), "logits", None)
    if not isinstance(logits, torch.Tensor) or logits.dim() != 3 or logits.shape[:2] != given["input_ids"].shape:
        shape = None if not isinstance(logits, torch.Tensor) else tuple(logits.shape)
        raise ModelError(f"{type(module).__name__} returned logits of shape {shape} for input_ids of shape "
                         f"{tuple(given['input_ids'].shape)}; expected (rows, columns, vocabulary)")
    return logits


def _additive(sees: torch.Tensor, module: Any) -> torch.Tensor:
    dtype = getattr(module, "dtype", torch.float32)
    return torch.zeros(sees.shape, dtype=dtype, device=sees.device).masked_fill(~sees, -torch.inf)
