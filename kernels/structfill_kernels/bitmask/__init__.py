"""Class x position bits -> token masks.

`token_masks(class_bits, class_ptr, class_token, positions, vocabulary)` -> int32 [N, ceil(V/32)]: bit t % 32 of
    word t // 32 is bit i % 64 of ``class_bits[c, i // 64]`` where token t is a member of class c
    (``class_token[class_ptr[c]:class_ptr[c + 1]]``); tokens of no class and tail bits are 0.
"""

from .cpu import token_masks

__all__ = ["token_masks"]
