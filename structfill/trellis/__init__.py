"""Token graph x canvas: exact masks, best and sampled texts, marginals, entropy and mass.

Validity is decided by integer reachability alone; floats only rank what is feasible. So no logits, however
extreme, can give an invalid text or a dead end: NaN counts as -inf, a row of nothing but -inf as a row of equals,
and a token that the model finds impossible is taken only where the language leaves nothing else.
"""

from .batch import TrellisBatch
from .canvas import Trellis
from .constrain import Constrained
from .evidence import OPEN
from .lengths import Gap, HoleLengths, feasible_lengths, gaps
from .masks import apply
from .posterior import Posterior

__all__ = ["OPEN", "Constrained", "Gap", "HoleLengths", "Posterior", "Trellis", "TrellisBatch", "apply",
           "feasible_lengths", "gaps"]
