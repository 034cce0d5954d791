"""Class x position bits -> what is allowed at each position, as token masks or as lists of classes.

`token_masks(class_bits, class_ptr, class_token, out)` fills int32 [N, ceil(V/32)]: bit t % 32 of word t // 32 of row i
    is bit i % 64 of ``class_bits[c, i // 64]`` where token t is a member of class c
    (``class_token[class_ptr[c]:class_ptr[c + 1]]``); tokens of no class and tail bits are 0.

`class_lists(class_bits, positions)` -> (which int32 [N], ptr int64 [D + 1], classes int32): position i has the classes
    ``classes[ptr[w]:ptr[w + 1]]``, ascending, w = ``which[i]``; positions in a row that have the same ones share them.
"""

from .cpu import class_lists, token_masks

__all__ = ["class_lists", "token_masks"]
