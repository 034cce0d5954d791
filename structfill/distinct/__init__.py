"""Arrays of unique items where there is no end of items: which ones an array has is more than a state can hold.

The engine writes texts in which items may repeat. Where one does, all of its text but one such item is kept, and what
may stand there instead, less the other items of the array, is regular again: that item is written anew, under the same
logits and fixed tokens. So every canvas is valid; which one is most probable is found item by item. A canvas that does
not end the text comes with an end for it, in the budget, so that the canvases behind it can be valid, too.
"""

from .canvas import DistinctTrellis
from .graph import DistinctGraph
from .place import Place

__all__ = ["DistinctGraph", "DistinctTrellis", "Place"]
