"""Batches whose rows obey different constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from structfill.errors import SpecError, VocabMismatch

from .arguments import many, shown
from .constrain import Constrained, room
from .evidence import Evidence, as_fixed, as_positions, integers
from .parts import as_tensor, each_row
from .posterior import Posterior

S = TypeVar("S")
T = TypeVar("T")


class TrellisBatch:
    """Trellises one below the other, lazy ones too: row b obeys the constraint of the trellis that it comes from.

    The calls below do what they do on a `Trellis` of B rows; logits are [B, N, Vl]. Raises `SpecError` unless all
    trellises have one length, `VocabMismatch` unless they are for one vocabulary. Immutable, as they are.
    """

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = many(parts)
        if not isinstance(parts, Iterable) or not all(hasattr(part, "graph") and hasattr(part, "rows_of")
                                                      for part in self.parts):
            raise SpecError(f"a batch is made of a list of trellises, not of {shown(parts)}")
        if len({part.length for part in self.parts}) != 1:
            raise SpecError("a batch needs one or more trellises, all of the same length")
        if len({part.graph.vocab_fingerprint for part in self.parts}) != 1:
            raise VocabMismatch("the trellises of a batch are for different vocabularies")
        self.length = self.parts[0].length
        self._ends = np.cumsum([0, *(part.rows for part in self.parts)]).tolist()

    @property
    def rows(self) -> int:
        """B."""
        return int(self._ends[-1])

    def _split(self, values: Any) -> list[Any]:
        """The rows of every part, of a tensor or an array."""
        if values.ndim < 2 or len(values) != self.rows:
            raise SpecError(f"a batch of {self.rows} rows was given an array of shape {tuple(values.shape)}")
        return [values[a:b] for a, b in zip(self._ends[:-1], self._ends[1:], strict=True)]

    def _each(self, call: Callable[[Any, Any], torch.Tensor], logits: Any) -> torch.Tensor:
        split = self._split(as_tensor(logits))
        return torch.cat([call(part, x) for part, x in zip(self.parts, split, strict=True)])

    def _at_once(self, call: Callable[[S], T], items: list[S], draw: bool, logits: Any) -> list[T]:
        """The calls for all parts: side by side if that is safe, as draws take turns at a generator and lazy parts at
        what they explore."""
        safe = not draw and all(part.exact for part in self.parts)
        return each_row(call, items, logits) if safe else [call(item) for item in items]

    def fix(self, tokens_by_position: Evidence) -> TrellisBatch:
        """As `Trellis.fix`."""
        given = self._split(as_fixed(tokens_by_position, self.rows, self.length))
        return TrellisBatch([part.fix(fixed) for part, fixed in zip(self.parts, given, strict=True)])

    def reopen(self, positions: Iterable[int] | NDArray[np.bool_] | torch.Tensor) -> TrellisBatch:
        """As `Trellis.reopen`."""
        opened = as_positions(positions, self.rows, self.length)
        masks = self._split(opened | np.zeros((self.rows, self.length), np.bool_))
        return TrellisBatch([part.reopen(mask) for part, mask in zip(self.parts, masks, strict=True)])

    def masks(self, out: torch.Tensor | None = None) -> torch.Tensor:
        """As `Trellis.masks`."""
        if out is None:
            return torch.cat([part.masks() for part in self.parts])
        if not isinstance(out, torch.Tensor):
            raise SpecError(f"out must be a tensor, not {shown(out)}")
        for part, mask in zip(self.parts, self._split(out), strict=True):
            part.masks(out=mask)
        return out

    def class_lists(self) -> list[list[NDArray[np.int32]]]:
        """As `Trellis.class_lists`; the classes of a row are those of its own graph."""
        return [row for part in self.parts for row in part.class_lists()]

    def best(self, logits: Any) -> torch.Tensor:
        """As `Trellis.best`."""
        return self._each(lambda part, x: part.best(x), logits)

    def sample(self, logits: Any, generator: torch.Generator | None = None, temperature: float = 1.0) -> torch.Tensor:
        """As `Trellis.sample`."""
        return self._each(lambda part, x: part.sample(x, generator, temperature), logits)

    def marginals(self, logits: Any) -> torch.Tensor:
        """As `Trellis.marginals`."""
        return self._each(lambda part, x: part.marginals(x), logits)

    def posterior(
        self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None, temperature: float = 1.0,
        margin: bool = False
    ) -> Posterior:
        """As `Trellis.posterior`."""
        def of_part(item: tuple[Any, Any]) -> Posterior:
            part, x = item
            found: Posterior = part.posterior(x, draw=draw, generator=generator, temperature=temperature, margin=margin)
            return found

        given = as_tensor(logits)
        found = self._at_once(of_part, [*zip(self.parts, self._split(given), strict=True)], draw, given)
        made = [name for name, value in vars(found[0]).items() if value is not None]
        return Posterior(**{name: torch.cat([getattr(one, name) for one in found]) for name in made})

    def constrain(
        self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None, temperature: float = 1.0,
        out: torch.Tensor | None = None,
    ) -> Constrained:
        """As `Trellis.constrain`."""
        given = as_tensor(logits)
        filled = room(given, out)

        def of_part(item: tuple[Any, Any, Any]) -> Constrained:
            part, x, to = item
            found: Constrained = part.constrain(x, draw=draw, generator=generator, temperature=temperature, out=to)
            return found

        items = [*zip(self.parts, self._split(given), self._split(filled), strict=True)]
        found = self._at_once(of_part, items, draw, given)
        _, *columns = zip(*(vars(one).values() for one in found), strict=True)
        return Constrained(filled, *(torch.cat(column) for column in columns if column[0] is not None))

    def text(self, tokens: Any) -> list[str]:
        """As `Trellis.text` of [B, N]."""
        return [text for part, ids in zip(self.parts, self._split(integers(tokens, "tokens")), strict=True)
                for text in part.text(ids)]
