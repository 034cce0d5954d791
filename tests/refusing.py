"""Types whose validators want what no schema tells."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, model_validator


class Unequal(BaseModel):
    """Two values that differ."""

    a: Literal[1, 2]
    b: Literal[1, 2]

    @model_validator(mode="after")
    def differ(self) -> Unequal:
        """The check of the whole."""
        if self.a == self.b:
            raise ValueError("must differ")
        return self
