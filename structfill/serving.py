"""What loops that are not ours share: constraints as servers write them, compiled graphs, texts under way."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import torch

from .blocks import Blocks, Graph
from .cache import Cache
from .compilation import compile_or_explore
from .errors import EmptyLanguage, ModelError, NotFound, SpecError
from .front.constraint import Constraint
from .front.json_schema.constraint import json_schema
from .front.text import choice, regex
from .vocab import Vocab

KEPT_GRAPHS = 64


def parse(request: str | Mapping[str, Any]) -> Constraint:
    """The constraint of a request: an object, or the text of one, with one of

    - ``json_schema``: a schema, or the text of one, with an optional ``whitespace`` beside it;
    - ``regex``: an ECMA-262 pattern;
    - ``choice``: a list of texts;
    - ``grammar``: a grammar in Lark's notation whose start rule is ``start``;
    - ``sql``: queries, as an object with ``dialect`` and, where names are to be bound, ``tables`` (name -> columns).

    Raises `SpecError` with the place of what is wrong.
    """
    spec = _object(request)
    kinds = [name for name in spec if name in _KINDS]
    unknown = [name for name in spec if name not in _KINDS and name != "whitespace"]
    if unknown or len(kinds) != 1:
        found = f"has the unknown member {unknown[0]!r}" if unknown else f"has {', '.join(kinds) or 'none of them'}"
        raise SpecError(f"a constraint is an object with one of {', '.join(_KINDS)}; this one {found}")
    kind, options = kinds[0], {name: value for name, value in spec.items() if name == "whitespace"}
    if options and kind != "json_schema":
        raise SpecError(f"whitespace belongs to json_schema, not to {kind}")
    return _KINDS[kind](spec[kind], **options)


def _object(request: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(request, str):
        try:
            request = json.loads(request)
        except (ValueError, RecursionError) as error:
            raise SpecError(f"the constraint is not the text of a JSON object: {error}") from None
    if not isinstance(request, Mapping):
        raise SpecError(f"a constraint is an object such as {{\"json_schema\": ...}}, not {type(request).__name__}")
    return request


def _grammar(text: str) -> Constraint:
    from .front.lark.constraint import lark
    from .front.lark.grammar import imports_files

    if isinstance(text, str) and imports_files(text):
        raise SpecError("a grammar in a request cannot import files of the server",
                        hint="%import common.NAME works; write other rules out")
    return lark(text)


def _sql(spec: Any) -> Constraint:
    from .front.sql.constraint import sql

    unknown = [name for name in spec if name not in ("dialect", "tables")] if isinstance(spec, Mapping) else [spec]
    if unknown or not isinstance(spec.get("dialect"), str) or not isinstance(spec.get("tables", {}), Mapping):
        raise SpecError(f"sql is an object with a dialect and tables, not {spec!r:.80}",
                        hint='such as {"dialect": "sqlite", "tables": {"users": ["id", "name"]}}')
    return sql(spec["dialect"], spec.get("tables"))  # no texts as tables: these may be paths of files of the server


def _json_schema(schema: Any, **options: Any) -> Constraint:
    if not isinstance(schema, str | bool | Mapping):  # `json_schema` takes types, too, and None is one
        raise SpecError(f"json_schema is a schema or the text of one, not {schema!r:.80}")
    return json_schema(schema, **options)


_KINDS: dict[str, Callable[..., Constraint]] = {
    "json_schema": _json_schema, "regex": regex, "choice": choice, "grammar": _grammar, "sql": _sql}


class Compiler:
    """Graphs of requests over one vocabulary: those used last are kept in memory, token graphs also in the user's
    cache, where the processes of a server find what another one has compiled. Calls may come from several threads."""

    def __init__(self, vocab: Vocab, cache: Cache | None = None, kept: int = KEPT_GRAPHS) -> None:
        self.vocab = vocab
        self._cache, self._kept = cache or Cache.default(), kept
        self._graphs: OrderedDict[str, Graph] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, request: str) -> Graph:
        """The graph of `request`, a text as `parse` takes it. Raises what `parse` and `compile_or_explore` raise."""
        with self._lock:
            if request not in self._graphs:
                self._graphs[request] = compile_or_explore(parse(request), self.vocab, cache=self._cache)
            self._graphs.move_to_end(request)
            while len(self._graphs) > self._kept:
                self._graphs.popitem(last=False)
            return self._graphs[request]


class Draft:
    """A text that another loop writes, canvas after canvas: it asks for constrained logits and commits their argmax.

    Attributes:
        blocks: where the text stands, without the canvas at hand.
        path: int64 [N], what would be committed now; None before the first pass over a canvas.
    """

    def __init__(self, graph: Graph, max_tokens: int | None = None, fixed: Any = None) -> None:
        self.blocks = Blocks(graph, max_tokens, fixed)
        self.path: torch.Tensor | None = None
        self._trellis: Any = None
        self._settled = False

    @property
    def open(self) -> bool:
        """Is there a canvas at hand?"""
        return self._trellis is not None

    @property
    def trellis(self) -> Any:
        """The canvas at hand, without evidence."""
        if self._trellis is None:
            raise ModelError("a step was taken before a canvas was begun; let the steps of a canvas count from 0")
        return self._trellis

    @property
    def complete(self) -> bool:
        """Is what stands on all canvases, the one at hand included, a whole text?"""
        path = [] if self.path is None else self.path.tolist()
        graph = self.blocks.graph
        state = graph.run(path, self.blocks.state)
        return not graph.lost(state) and bool(graph.may_end(state))

    def begin(self, length: int) -> None:
        """The canvas at hand is final; the next one has `length` positions. Raises what `Blocks.trellis` does."""
        self.finish()
        self._trellis = self.blocks.trellis(length)

    def finish(self) -> None:
        """The canvas at hand, if any, is final as its path."""
        if self.path is not None:
            self.blocks.advance(self.path)
        self.path = self._trellis = None
        self._settled = False

    def settle(self, canvas: torch.Tensor) -> None:
        """Keep the path from now on if the loop has taken it over as the whole canvas, int64 [N].

        A loop may have frozen the row, and what it froze has to be what the next canvas goes on from.
        """
        more = self.blocks.left > self.trellis.length
        self._settled = self._settled or (more and self.path is not None and torch.equal(canvas.cpu(), self.path.cpu()))

    def evidence(self, fixed: Any = None) -> Any:
        """The canvas at hand under evidence: `fixed`, int64 [N], -1 where open, and the path where it has settled."""
        trellis = self.trellis if fixed is None else self.trellis.fix(fixed)
        return trellis.fix(self.path) if self._settled and self.path is not None else trellis

    def constrain(self, logits: torch.Tensor, temperature: float = 1.0, fixed: Any = None) -> torch.Tensor:
        """float32 [N, V]: logits whose softmax at `temperature` are the exact marginals of the posterior at that
        temperature, and whose argmax is a valid canvas, now `path`."""
        found = self.evidence(fixed).constrain(logits, temperature=temperature)
        self.path = found.path
        return torch.as_tensor(found.logits * temperature)

    def revised(self, logits: torch.Tensor, committed: torch.Tensor, threshold: float) -> torch.Tensor:
        """int64 [N]: `committed` (-1 where open), with other tokens where the posterior without any evidence has them
        with more than `threshold`; unchanged where no valid canvas has all of these."""
        free = self.trellis.posterior(logits)
        change = (committed >= 0) & (free.best != committed) & (free.confidence > threshold)
        if not change.any():
            return committed
        proposed = torch.where(change, free.best, committed)
        try:
            self.trellis.fix(proposed)
        except (EmptyLanguage, NotFound):
            return committed
        return proposed
