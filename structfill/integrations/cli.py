"""The command line: `structfill generate`, `structfill sql`, `structfill compile`, `structfill validate`.

Answers go to standard output, everything else to standard error. Exit codes: 0 done, 1 no valid answer is possible
(or the text is not valid), 2 bad input.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..errors import BudgetTooSmall, EmptyLanguage, Span, SpecError, StructfillError
from ..front.json_schema.constraint import JsonSchema, json_schema
from ..front.json_schema.document import locate, parse_document

NO_ANSWER, BAD_INPUT = 1, 2

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="Exact constrained generation for diffusion language models.")
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

SchemaOption = Annotated[str, typer.Option("--schema", "-s", help="A JSON Schema file, or module:Type for a Python "
                                                                  "type (Pydantic model, dataclass, ...).")]
SchemaArgument = Annotated[str, typer.Argument(help="A JSON Schema file, or module:Type.")]
WhitespaceOption = Annotated[str, typer.Option(help="Whitespace in generated text: flexible, compact or any.")]


@app.command()
def generate(
    schema: SchemaOption,
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="The text to read.")] = None,
    prompt_file: Annotated[str | None, typer.Option("--prompt-file", "-f",
                                                    help="A file with the text, or - for standard input.")] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="default, the name of a remote model such as mercury-2, "
                                                             "or a model of the Hugging Face hub or a folder.")]
    = "default",
    passes: Annotated[int | None, typer.Option(help="Denoising steps at most.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Positions of the canvas.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 for the most probable text, above 0 for a draw.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of a draw.")] = None,
    whitespace: WhitespaceOption = "flexible",
) -> None:
    """Read a text, write a JSON document that satisfies the schema."""
    from ..generator import Generator
    from ..models import load

    text = _prompt(prompt, prompt_file)
    constraint = _constraint(schema, whitespace)
    loaded = load(model)
    options = _options(model, loaded, passes=passes, temperature=temperature, seed=seed)
    generator = Generator(constraint=constraint, model=loaded, options=options, max_tokens=max_tokens)
    answer = ""
    with Live(console=errors, transient=True, auto_refresh=False) if errors.is_terminal else _Silent() as live:
        for snapshot in generator.stream(text):
            answer = snapshot.text
            settled, length = snapshot.committed
            live.update(Text(f"pass {snapshot.passes}: {settled}/{length} positions settled\n{answer}"), refresh=True)
    constraint.value(answer)
    if sys.stdout.isatty():
        Console().print_json(answer)
    else:
        print(answer)


@app.command(name="sql")
def sql_command(
    db: Annotated[Path, typer.Option(help="A SQLite file: its tables and columns are all that a query may name.")],
    question: Annotated[str, typer.Option("--question", "-q", help="What the query is to answer.")],
    run: Annotated[bool, typer.Option(help="Run the query, read-only, and print its rows (tab-separated).")] = False,
    model: Annotated[str, typer.Option("--model", "-m", help="default, or as for `generate`.")] = "default",
    max_tokens: Annotated[int | None, typer.Option(help="Positions of the canvas.")] = 64,
) -> None:
    """Write a SQL query over the tables of a database. The model in the package is not trained for SQL: its queries are
    valid, not clever."""
    from ..front.sql.constraint import sql
    from ..generator import Generator

    if not db.is_file():
        raise SpecError(f"there is no database {str(db)!r}")
    constraint = sql("sqlite", str(db))
    query = Generator(constraint=constraint, model=model, max_tokens=max_tokens)(question).text
    print(query)
    if run:
        _print_rows(db, query)


def _print_rows(db: Path, query: str) -> None:
    import sqlite3

    with contextlib.closing(sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            for row in connection.execute(query):
                print("\t".join("" if value is None else str(value) for value in row))
        except sqlite3.Error as error:  # a valid query may fail on its data: an overflow, a malformed date
            errors.print(f"SQLite: {error}", markup=False)
            raise typer.Exit(NO_ANSWER) from None


@app.command(name="compile")
def compile_command(
    schema: SchemaArgument,
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json; by default the embedded model's.")] = None,
    whitespace: WhitespaceOption = "flexible",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    explain: Annotated[bool, typer.Option(help="Say what became of every keyword, and where.")] = False,
) -> None:
    """Compile a schema for a vocabulary: its size, time and memory, or why it is refused."""
    from ..compilation import compile as compile_graph
    from ..limits import Limits
    from ..models import embedded_vocab
    from ..vocab import Vocab

    vocab = embedded_vocab() if tokenizer is None else Vocab.from_file(tokenizer)
    start = time.perf_counter()
    constraint = _constraint(schema, whitespace)
    if explain:
        table = Table("keyword", "what became of it", box=None)
        for place, what in constraint.explained.items():
            table.add_row(Text(place), Text(what))
        Console().print(table)
    with _located(schema):
        automaton = constraint.counting(Limits())
    front_ms = (time.perf_counter() - start) * 1e3
    graph = compile_graph(constraint, vocab)
    figures = {"automaton states": len(automaton), "graph states": graph.states, "edges": graph.edges,
               "token classes": graph.classes, "shortest text (tokens)": int(graph.shortest[0]),
               "schema to automaton (ms)": round(front_ms, 2), "automaton to graph (ms)": round(graph.compile_ms, 2),
               "memory (bytes)": graph.nbytes} | ({"values nest, at most": graph.nesting} if graph.nesting else {})
    if as_json:
        print(json.dumps(figures))
        return
    table = Table("", escape(schema), box=None)
    for name, value in figures.items():
        table.add_row(name, f"{value:,}")
    Console().print(table)


@app.command()
def validate(
    schema: SchemaArgument,
    text: Annotated[str, typer.Argument(help="The text, a file that holds it, or - for standard input.")],
) -> None:
    """Say whether a text is in the language, or where it leaves it."""
    constraint = _constraint(schema, "flexible")
    content = _read("-") if text == "-" else _read(text) if _is_file(text) else text
    reading = constraint.read(content)
    if reading.accepted:
        print("valid")
        return
    if reading.continuable:
        errors.print(f"incomplete: the text ends where {reading.expected} is expected", markup=False)
    else:
        span = Span(content, reading.position, reading.position + 1)
        line = content.count("\n", 0, reading.position) + 1
        column = reading.position - content.rfind("\n", 0, reading.position)
        errors.print(f"invalid at line {line}, column {column}: expected {reading.expected}\n{span.caret()}",
                     markup=False)
    raise typer.Exit(NO_ANSWER)


@app.command()
def warm(grammars: Annotated[bool, typer.Option("--grammars", help="Those of large grammars and SQL, too.")] = False
         ) -> None:
    """Compile the CPU kernels now, once a machine, so that the first real call does not have to."""
    start = time.perf_counter()
    errors.print("compiling the CPU kernels, once a machine: two to five minutes")
    _warm_schemas()
    if grammars:
        _warm_grammars()
    errors.print(f"kernels ready after {time.perf_counter() - start:.0f} s")


def _warm_schemas() -> None:
    """Schemas that together use every kernel, compiled anew: a graph from the cache would leave its kernels cold."""
    from ..front.template import template
    from ..generator import Generator
    from ..samplers.options import SamplerOptions

    closed = {"type": "object", "additionalProperties": False, "properties": {
        "day": {"type": "string", "pattern": "^\\d{4}-\\d{2}$", "maxLength": 9}, "kind": {"enum": ["a", 1, None]},
        "code": {"type": "string", "pattern": "^[a-z]{0,40}$"}, "note": {"type": "string", "maxLength": 40},
        "size": {"type": "number", "minimum": 0.5, "exclusiveMaximum": 10}, "rest": {"type": "array"}}}
    counted = {"type": "string", "minLength": 2, "maxLength": 500, "not": {"pattern": "^a+$"}}
    distinct = {"type": "array", "items": {"type": "string", "maxLength": 5}, "uniqueItems": True, "maxItems": 3}
    for constraint in (*map(json_schema, (closed, {"type": "object"}, counted, distinct)),
                       template("[{{size}}]", size=json_schema({"type": "integer"}))):
        for temperature in (0.0, 1.0):
            options = SamplerOptions(passes=2, temperature=temperature)
            Generator(constraint=constraint, options=options, cache=None)("warm")


def _warm_grammars() -> None:
    """One canvas of a query, open and with a fixed end, and one with fixed text that has to be searched for."""
    import numpy as np
    import torch

    from ..front.sql.constraint import sql
    from ..lazy import LazyGraph, LazyTrellis
    from ..lazy.bridging import Effort, bridged
    from ..vocab import Vocab

    graph = LazyGraph(sql("sqlite", {"t": {"a": "int"}}).written, Vocab.bytes())
    trellis = LazyTrellis(graph, 24)
    end = graph.vocab.eos_ids[0]
    for canvas in (trellis, trellis.fix({22: end, 23: end})):
        canvas.best(torch.zeros(24, len(graph.vocab)))
        canvas.sample(torch.zeros(24, len(graph.vocab)))
    trellis.constrain(torch.zeros(24, len(graph.vocab)))
    trellis.next_tokens(0, graph.start, 0, 1)
    fixed = np.array([-1] * 20 + [*b" FROM t"], np.int64)
    bridged(graph, graph.number(graph.start), fixed, 0, Effort(most=1_000, tried=1, asked=1_000))


def main() -> None:
    """The entry point: named errors become one message and an exit code."""
    try:
        app()
    except (EmptyLanguage, BudgetTooSmall) as error:
        _fail(error, NO_ANSWER)
    except StructfillError as error:
        _fail(error, BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _fail(error: StructfillError, code: int) -> NoReturn:
    errors.print(f"{type(error).__name__}: {error}", style="red" if errors.is_terminal else None, markup=False)
    sys.exit(code)


def _constraint(spec: str, whitespace: str) -> JsonSchema:
    """The constraint of a schema file or a module:Type, with a caret in the file for what is refused."""
    if _is_file(spec) or ":" not in spec:
        with _located(spec):
            return json_schema(parse_document(_read(spec)), whitespace=whitespace)
    return json_schema(_python_type(spec), whitespace=whitespace)


@contextmanager
def _located(spec: str) -> Iterator[None]:
    """Put a caret into the schema's file where a pointer of an error leads."""
    try:
        yield
    except SpecError as error:
        if error.span is None and error.pointer is not None and (spec == "-" or _is_file(spec)):
            error.span = locate(_read(spec), error.pointer)
        raise


def _options(name: str, model: Any, **given: Any) -> Any:
    """The model's own options with what was given in them; an option that they do not know is refused."""
    from ..samplers.options import SamplerOptions

    own = getattr(model, "default_options", None) or SamplerOptions()
    given = {key: value for key, value in given.items() if value is not None}
    for key in given:
        if not hasattr(own, key):
            raise SpecError(f"the model {name} knows no --{key}", hint="leave it out")
    return replace(own, **given)


def _python_type(spec: str) -> Any:
    module_name, _, name = spec.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        return getattr(importlib.import_module(module_name), name)
    except (Exception, SystemExit) as error:  # importing runs the module, which may raise anything
        raise SpecError(f"cannot load {spec!r:.80}: {type(error).__name__}: {error!s:.300}",
                        hint="give a JSON Schema file, or module:Type as in shop.models:Invoice") from None


def _prompt(prompt: str | None, prompt_file: str | None) -> str:
    if (prompt is None) == (prompt_file is None):
        raise SpecError("give the text with either --prompt or --prompt-file")
    return prompt if prompt is not None else _read(prompt_file or "-")


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a text too long for a name, or with a NUL
        return False


@cache
def _read(name: str) -> str:
    """The text of a file, or of standard input for `-`."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read {name!r}: {error}") from None


class _Silent:
    """Stands in for the live display where nobody watches."""

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, *_: object, **__: object) -> None:
        """Show nothing."""


if __name__ == "__main__":
    main()
