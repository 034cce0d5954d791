"""The door: `generate` and `Generator`, the only loop over prompts, passes and values."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from .blocks import Graph, trellis_of
from .cache import Cache
from .compilation import compile_or_explore
from .errors import BudgetTooSmall, EmptyLanguage, RefusedValue, SpecError, TooLarge, UnsupportedFeature
from .front.between import Between
from .front.constraint import Constraint, check_given
from .front.json_schema.constraint import json_schema
from .lazy import LazyGraph
from .limits import Limits
from .models import load
from .models.contexts import token_ids
from .models.protocol import AnyModel, BaseModel, RemoteModel, Written
from .models.remote import writer
from .placing import Given, fill
from .refill import Tried, reopened
from .samplers import Options, sampler_for
from .tokengraph import TokenGraph
from .trellis.arguments import LENGTH, whole

if TYPE_CHECKING:
    from .front.sql.constraint import Sql

MOST_POSITIONS = 1 << 20  # of a canvas
SLACK = 64  # positions beyond the shortest text where the caller names no budget
FAR, NEAR = 512, 256  # characters: of given text longer than `FAR` the last ones share canvases with the hole


@dataclass(frozen=True)
class Snapshot:
    """What one pass arrived at: a complete valid text.

    Attributes:
        text: the text; where it goes on behind the canvases so far, with its shortest ending.
        tokens: the canvases so far.
        passes: how many passes were made so far.
        committed: how many of their positions are settled, of how many.
        log_mass: log probability that the model unaided would have drawn valid canvases at this pass.
        done: is it the last one?
    """

    text: str
    tokens: tuple[int, ...] = field(repr=False)
    passes: int
    committed: tuple[int, int]
    log_mass: float
    done: bool


@dataclass(frozen=True)
class Result:
    """A finished generation.

    Attributes:
        value: an instance of the given type, or plain JSON data; the text itself for other constraints.
        holes: what stands in the holes of a template, by name, each as its constraint reads it.
        text: the text, valid in the constraint's language.
        tokens: its canvases one after the other, token ids with end-of-text and padding.
        passes: how many passes were made.
        log_mass: log probability that the model unaided would have drawn valid canvases, each at its last pass; nan
            for a remote model, which does not tell.
        timings: milliseconds by stage: "compile", "encode", "passes", "parse".
        exact: was every pass under the exact posterior? False for a remote model, whose text was judged when it was
            there (then `passes` counts its answers and `tokens` is empty); where the language was explored lazily:
            valid, but the best of what a search kept, and `log_mass` a lower bound; and where endless items are to be
            unique: valid, but found item by item, and `log_mass` an upper bound.
    """

    value: Any
    text: str
    tokens: tuple[int, ...] = field(repr=False)
    passes: int
    log_mass: float
    timings: dict[str, float]
    holes: dict[str, Any] = field(default_factory=dict)
    exact: bool = True


class Generator:
    """A constraint compiled for a model: make it once, use it often.

    Args:
        schema: a JSON Schema (dict or bool) or a Python type; or pass a `constraint`, or `sql`.
        constraint: any constraint, such as `structfill.regex(...)`.
        sql: one made by `structfill.sql(...)`; `constraint` takes it as well.
        model: "default" for the embedded model, a name or folder (see `structfill.load`), or an object that follows
            `structfill.Model` or another protocol of `structfill.models.protocol`. For a remote one nothing is
            compiled: there is no `graph`, and `limits` and `cache` bound and keep nothing.
        options: how canvases are filled, of the class that belongs to the model's rule; by default the model's own.
        max_tokens: the budget in tokens, kept exactly; by default the length of a canvas, or more if the shortest
            valid text needs it.
        canvas_length: positions that are written together, by default the model's own. A longer text takes several
            canvases, each with `options.passes` passes at most.
        limits: bounds on the compiled constraint.
        cache: "default" for the user's cache on disk, None for none, or a `Cache`.

    Raises `SpecError`, `UnsupportedFeature`, `EmptyLanguage`, `TooLarge`, `BudgetTooSmall` or `ModelError`, all before
    the first pass.
    """

    def __init__(self, schema: Any = None, *, constraint: Constraint | None = None, sql: Sql | None = None,
                 model: AnyModel = "default", options: Options | None = None, max_tokens: int | None = None,
                 canvas_length: int | None = None, limits: Limits | None = None,
                 cache: Cache | str | None = "default") -> None:
        self.constraint = _one_constraint(schema, constraint, sql, limits)
        self._write: Callable[[str], Written] | None = None
        loaded, self._limits, self._sizes, self._cache = load(model), limits, (max_tokens, canvas_length), cache
        if isinstance(loaded, RemoteModel):
            self.model = cast(BaseModel, loaded)  # kept for the caller; nothing below is reached
            self._write = writer(loaded, self.constraint, options, max_tokens, canvas_length)
            return
        self.model = loaded
        _, self.options = sampler_for(self.model, options)
        start = time.perf_counter()
        self.graph = self._compiled(_cache(cache))
        self.canvas_length = _or_default("canvas_length", canvas_length, self.model.canvas_length)
        if self.canvas_length > MOST_POSITIONS:
            raise SpecError(f"canvas_length must be at most {MOST_POSITIONS:,}", hint="a longer text takes several "
                                                                                      "canvases: raise max_tokens")
        self.max_tokens = _or_default("max_tokens", max_tokens,
                                    max(self.canvas_length, (self.graph.needed(self.graph.start) or 0) + SLACK))
        self._first = self._trellis(self.max_tokens)  # tells what does not fit
        self._compile_ms = (time.perf_counter() - start) * 1e3

    def _compiled(self, cache: Cache | None) -> Graph:
        return compile_or_explore(self.constraint, self.model.vocab, limits=self._limits, cache=cache)

    def __call__(self, prompt: str) -> Result:
        """Fill one canvas for `prompt`."""
        return self.batch([prompt])[0]

    def stream(self, prompt: str) -> Iterator[Snapshot]:
        """A snapshot after every pass; each text is complete and valid. A remote model gives the last one only."""
        if self._write is not None:
            last = self(prompt)
            yield Snapshot(last.text, (), last.passes, (0, 0), last.log_mass, True)
            return
        for snapshots in self._passes(self._context([prompt])):
            yield snapshots[0]

    def batch(self, prompts: Iterable[str]) -> list[Result]:
        """Write one text for each prompt, all in the same passes. Raises `RefusedValue` where the type's own validators
        refuse one of them also after its refills."""
        if not isinstance(prompts, Iterable):
            raise SpecError(f"prompts must be strings, not {type(prompts).__name__}")
        prompts = [prompts] if isinstance(prompts, str) else list(prompts)
        if self._write is not None:
            return [self._asked(self._write, prompt) for prompt in prompts]
        if not prompts:
            return []
        clock = _Clock(compile=self._compile_ms)
        context = self._context(prompts)
        clock.lap("encode")
        last = deque(self._passes(context), maxlen=1)[0]
        clock.lap("passes")
        read = [self._accepted(snapshot, row[None]) for snapshot, row in zip(last, context, strict=True)]
        clock.lap("parse")
        return [Result(value, s.text, s.tokens, s.passes, s.log_mass, clock.times, holes, self.graph.exact)
                for value, s, holes in read]

    def infill(self, prefix: str, suffix: str, prompt: str = "") -> str:
        """The text between `prefix` and `suffix` with which all three are a text that the constraint allows.

        `max_tokens` is the budget of all three. Where the language is explored lazily (SQL, large grammars), the middle
        has at least one token, what is given is fixed in the fewest tokens that spell it, and how many stand between is
        asked of the model: a pass for each of a few lengths. Elsewhere the length is found with the text.

        Raises `EmptyLanguage` where nothing can stand there, `NotFound` where a search finds nothing, `BudgetTooSmall`,
        `RefusedValue` where the type's own validators refuse the whole, and `UnsupportedFeature` for a remote model
        and, where the language is explored lazily, a left-to-right one.
        """
        check_given(prefix, suffix)
        if self._write is not None:
            raise UnsupportedFeature("infill of a whole text", "a remote model gives texts only",
                                     hint="use structfill.infill with a constraint of the middle")
        if isinstance(self.graph, LazyGraph):
            middle = self._between(self.graph, prefix, suffix, self._context([prompt]))
            self.constraint.value(prefix + middle + suffix)  # SQL is checked on its way out
            return middle
        between = Generator(constraint=Between(self.constraint, prefix, suffix), model=self.model, options=self.options,
                            max_tokens=self._sizes[0], canvas_length=self._sizes[1], limits=self._limits,
                            cache=self._cache)
        return between.text_behind(prefix, prompt)[len(prefix) :].removesuffix(suffix)

    def _between(self, graph: LazyGraph, prefix: str, suffix: str, context: torch.Tensor) -> str:
        budget, canvas = self._sizes
        refused: EmptyLanguage | None = None
        for before, after in self.constraint.respelled(prefix, suffix):
            given = Given.of(graph.vocab, before, after)
            try:
                return fill(graph, self.model, self.options, context, given,
                            budget or max(self.max_tokens, given.needed + SLACK),
                            canvas or max(self.canvas_length, len(given.after) + SLACK), self.constraint.given_as)
            except EmptyLanguage as error:
                refused = refused or error
        assert refused is not None
        raise refused

    def text_behind(self, given: str, prompt: str) -> str:
        """The text for a prompt where all texts begin with `given`. Of a long one only the end is on a canvas, as the
        tokens there may straddle it; the rest is written beforehand, in the fewest tokens."""
        if self._write is not None or not isinstance(self.graph, TokenGraph) or len(given) < FAR:
            return self(prompt).text
        begun = self.model.vocab.spell(given[:-NEAR].encode("utf-8", "surrogatepass")) or []
        state = self.graph.run(begun)
        if state < 0 or len(begun) + self.graph.needed(state) > self.max_tokens:
            begun = []
        context = self._context([prompt])
        return self._accepted(deque(self._passes(context, begun), maxlen=1)[0][0], context)[1].text

    def _asked(self, write: Callable[[str], Written], prompt: str) -> Result:
        clock = _Clock()
        text, value, answers = write(prompt)
        clock.lap("passes")
        return Result(value, text, (), answers, math.nan, clock.times, self.constraint.holes(text), exact=False)

    def _accepted(self, snapshot: Snapshot, context: torch.Tensor) -> tuple[Any, Snapshot, dict[str, Any]]:
        """The value of a text, and those in its holes; where the type's own validators refuse it, of one with the
        refused field filled anew."""
        tried: Tried = {}
        for _ in range(self.options.refills):
            try:
                return self._read(snapshot)
            except RefusedValue as refused:
                if (constraint := reopened(self.constraint, snapshot.text, refused, tried)) is None:
                    raise
                snapshot = self._refilled(constraint, snapshot, context, refused)
        return self._read(snapshot)

    def _read(self, snapshot: Snapshot) -> tuple[Any, Snapshot, dict[str, Any]]:
        return self.constraint.value(snapshot.text), snapshot, self.constraint.holes(snapshot.text)

    def _refilled(self, constraint: Constraint, before: Snapshot, context: torch.Tensor,
                  refused: RefusedValue) -> Snapshot:
        try:
            again = Generator(constraint=constraint, model=self.model, options=self.options, cache=None,
                              max_tokens=self.max_tokens, canvas_length=self.canvas_length, limits=self._limits)
        except (EmptyLanguage, BudgetTooSmall, TooLarge):  # there is nothing else to put there, or it is too much
            raise refused from None
        last = deque(again._passes(context), maxlen=1)[0][0]
        return replace(last, passes=before.passes + last.passes)

    def _passes(self, context: torch.Tensor, begun: Sequence[int] = ()) -> Iterator[list[Snapshot]]:
        """Canvas after canvas behind the tokens `begun`, until every row has ended or the budget is spent; a snapshot a
        row and pass."""
        sample, options = sampler_for(self.model, self.options)
        rows, left = len(context), self.max_tokens - len(begun)
        states = [self.graph.run(begun) if begun else self.graph.start] * rows
        written = torch.tensor([list(begun)] * rows, dtype=torch.int64)
        passes, mass = 0, torch.zeros(rows, dtype=torch.float64)
        while left:
            trellis = self._trellis(left, rows, states)
            for step in sample(self.model, context, trellis, options, written):
                after = [self.graph.run(row, state) for row, state in zip(step.tokens, states, strict=True)]
                left = trellis.more if any(not self.graph.ended(state) for state in after) else 0
                progress = _Progress(torch.cat([written, step.tokens], 1), passes + step.index,
                                     step.committed.sum(1) + written.shape[1], mass + step.log_mass,
                                     step.done and not left)
                yield [self._snapshot(progress, row, state) for row, state in enumerate(after)]
            states, written, passes, mass = after, progress.tokens, progress.passes, progress.log_mass

    def _trellis(self, left: int, rows: int = 1, states: Sequence[Any] | None = None) -> Any:
        """The next canvas, begun in `states`, where `left` tokens are left for it and those after it."""
        length = min(self.canvas_length, left)
        return trellis_of(self.graph, length, start=[self.graph.start] * rows if states is None else states,
                          more=left - length)

    def _context(self, prompts: Sequence[str]) -> torch.Tensor:
        for prompt in prompts:
            if not isinstance(prompt, str):
                raise SpecError(f"a prompt must be a str, not {type(prompt).__name__}")
        rows = [token_ids(self.model, prompt, self.constraint.outline) for prompt in prompts]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.model.vocab.pad_id or 0)

    def _snapshot(self, progress: _Progress, row: int, state: Any) -> Snapshot:
        tokens = progress.tokens[row].tolist()
        text = self._first.text(torch.tensor(tokens + self.graph.shortest_from(state)))
        return Snapshot(text, tuple(tokens), progress.passes, (int(progress.committed[row]), len(tokens)),
                        float(progress.log_mass[row]), progress.done)


class _Progress(NamedTuple):
    """All rows after a pass."""

    tokens: torch.Tensor
    passes: int
    committed: torch.Tensor
    log_mass: torch.Tensor
    done: bool


def generate(prompt: str, schema: Any = None, *, constraint: Constraint | None = None, sql: Sql | None = None,
             model: AnyModel = "default", options: Options | None = None, max_tokens: int | None = None,
             canvas_length: int | None = None, limits: Limits | None = None) -> Any:
    """The value that `model` reads out of `prompt`: an instance of a Python type, JSON data for a JSON Schema, or the
    text that another constraint or `sql` allows.

    Compiles on every call (through the cache on disk); use a `Generator` for many prompts. Arguments and errors are
    those of `Generator`.
    """
    return Generator(schema, constraint=constraint, sql=sql, model=model, options=options, max_tokens=max_tokens,
                     canvas_length=canvas_length, limits=limits)(prompt).value


def _one_constraint(schema: Any, constraint: Constraint | None, sql: Sql | None, limits: Limits | None) -> Constraint:
    if sum(given is not None for given in (schema, constraint, sql)) != 1:
        raise SpecError("pass one of schema, constraint and sql")
    if schema is not None:
        return schema if isinstance(schema, Constraint) else json_schema(schema, limits=limits)
    if sql is not None:
        return _checked_sql(sql)
    if not isinstance(constraint, Constraint):
        raise not_a_constraint(constraint)
    return constraint


def _checked_sql(sql: Any) -> Sql:
    from .front.sql.constraint import Sql  # its libraries are loaded where they are needed only

    if not isinstance(sql, Sql):
        raise SpecError(f"sql must be made by structfill.sql, not {sql!r:.80}",
                        hint='such as structfill.sql("sqlite", {"users": ["id", "name"]})')
    return sql


def not_a_constraint(found: object) -> SpecError:
    return SpecError("constraint must be made by structfill.json_schema, regex, choice, template, lark or sql, "
                     f"not {found!r:.80}")


def _or_default(name: str, given: int | None, default: int) -> int:
    return default if given is None else whole(given, name, 1, LENGTH)


def _cache(cache: Cache | str | None) -> Cache | None:
    if isinstance(cache, str) and cache != "default":
        raise SpecError(f"cache must be \"default\", None or a Cache, not {cache!r:.80}")
    return Cache.default() if isinstance(cache, str) else cache


class _Clock:
    """Milliseconds by stage."""

    def __init__(self, **known: float) -> None:
        self.times = dict(known)
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Book the time since the last lap under `stage`."""
        now = time.perf_counter()
        self.times[stage] = (now - self._last) * 1e3
        self._last = now
