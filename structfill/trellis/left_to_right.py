"""What may come next from the left to the right, where the graph of a trellis is asked for every token."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from structfill.errors import UnsupportedFeature

from .evidence import OPEN


class LeftToRight:
    """For a trellis whose `language` tells the next tokens by what is written, not by what is fixed to the right."""

    what: ClassVar[str]  # is not written between fixed tokens
    language: Any
    length: int
    more: int
    _rows: Any

    def next_columns(self, row: int, state: Any, position: int, columns: int, device: torch.device) -> torch.Tensor:
        """bool [columns] on `device`: the columns of logits whose token may come next, at `position`, behind tokens
        that have led to `state`: those from which a text is known that ends in time.

        Raises `UnsupportedFeature` where tokens are fixed from there on.
        """
        if (self._rows[row].fixed[position:] != OPEN).any():
            raise UnsupportedFeature("fixed tokens", f"{self.what} not written from the left between fixed tokens",
                                     hint="use a model that fills whole canvases")
        found: torch.Tensor = self.language.next_columns(state, self.length + self.more - position, columns, device)
        return found

    def next_tokens(self, row: int, state: Any, position: int, most: int) -> NDArray[np.int32]:
        """int32: tokens that `next_columns` allows, all of them where there are fewer than `most`."""
        columns = self.next_columns(row, state, position, len(self.language.vocab), torch.device("cpu"))
        return np.flatnonzero(columns.numpy())[:most].astype(np.int32)
