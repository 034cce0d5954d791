"""`compile`: constraint x vocabulary -> token graph, optionally through the cache on disk, or a graph to explore."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace

from . import __version__
from .cache import Cache
from .collector import paused_collector
from .deadline import deadline
from .distinct import DistinctGraph
from .errors import Narrowed, SpecError, TooLarge, VocabMismatch, warn_caller
from .front.constraint import Constraint
from .front.lark.constraint import LarkGrammar
from .lazy import LazyGraph
from .limits import Limits
from .tokengraph import TokenGraph, build
from .vocab import Vocab


@paused_collector()
def compile(constraint: Constraint, vocab: Vocab, *, limits: Limits | None = None,
            cache: Cache | None = None) -> TokenGraph:
    """The token graph of `constraint` over `vocab`, with `.states .edges .classes .compile_ms .nbytes`.

    With a `cache`, a graph compiled before by this version for equal arguments is read from disk; entries that cannot
    be read are misses. Raises `TooLarge` past the limits, `EmptyLanguage` if no text satisfies the constraint. Warns
    (`Narrowed`) of a schema that is too large for all but texts that nest less deep than it allows.
    """
    if not isinstance(constraint, Constraint):
        raise SpecError(f"compile needs a constraint such as structfill.json_schema(...), not {constraint!r:.80}")
    if not isinstance(vocab, Vocab):
        raise SpecError(f"compile needs a structfill.Vocab, not {vocab!r:.80}", hint="Vocab.of(tokenizer) makes one")
    if cache is not None and not isinstance(cache, Cache):
        raise SpecError(f"cache must be None or a structfill Cache, not {cache!r:.80}")
    limits = Limits.of(limits)
    key = _key(constraint, vocab, limits)
    stored = cache.load(key) if cache is not None else None
    if stored is not None:
        with contextlib.suppress(SpecError, VocabMismatch):  # an entry that is no token graph is a miss
            return _told(TokenGraph.from_arrays(stored, vocab))
    try:
        with deadline(limits.seconds):
            graph = build(constraint.counting(limits), vocab, limits)
    except TooLarge as error:
        error.pointer = constraint.largest_part
        raise
    if cache is not None:
        cache.store(key, graph.to_arrays())
    return _told(graph)


def _told(graph: TokenGraph) -> TokenGraph:
    """The graph; warns the caller of `compile` of a narrowed one."""
    if graph.nesting:
        warn_caller(Narrowed(nesting=graph.nesting))
    return graph


def compile_or_explore(constraint: Constraint, vocab: Vocab, *, limits: Limits | None = None,
                       cache: Cache | None = None) -> TokenGraph | LazyGraph | DistinctGraph:
    """As `compile`, but a `LazyGraph` (for `LazyTrellis`) of a grammar that is too large to enumerate, for which the
    cache keeps the parser's tables, and a `DistinctGraph` (for `DistinctTrellis`) of a schema with unique items that
    are too many to enumerate."""
    if isinstance(constraint, Constraint) and (repeating := constraint.repeating()) is not None:
        return DistinctGraph(constraint, compile(repeating, vocab, limits=limits, cache=cache), Limits.of(limits))
    grammar = constraint.lazily(limits or Limits(), cache) if isinstance(constraint, Constraint) else None
    if isinstance(grammar, LarkGrammar):
        return LazyGraph(grammar, vocab, limits)
    return compile(constraint, vocab, limits=limits, cache=cache)


def _key(constraint: Constraint, vocab: Vocab, limits: Limits) -> str:
    bounds = replace(limits, seconds=None)  # a clock changes whether there is a graph, not which
    parts = (__version__, type(constraint).__name__, constraint.identity, vocab.fingerprint, repr(bounds))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
