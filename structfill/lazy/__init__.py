"""The lazy engine: canvases of context-free languages that are too large to enumerate.

Configurations are explored along the tokens that the model likes. What is said about validity and budget is exact:
every canvas that is returned has been read token by token, and there are no dead ends. What is said about likelihood is
approximate (`exact` is False): the best canvas and the posterior are those among the ways that a beam has kept.
"""

from .bridging import NothingFollows
from .canvas import LazyTrellis
from .graph import LazyGraph

__all__ = ["LazyGraph", "LazyTrellis", "NothingFollows"]
