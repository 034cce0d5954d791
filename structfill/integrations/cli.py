"""The command line: `structfill generate`, `structfill sql`, `structfill compile`, `structfill validate`.

Answers go to standard output, everything else to standard error. Exit codes: 0 done, 1 no valid answer is possible
(or the text is not valid, or the output cannot be written), 2 bad input, 130 interrupted: what takes long to import is
imported inside of `main`, which sees to that.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

try:
    import typer
    from rich.console import Console
    from rich.live import Live
    from rich.table import Column, Table
    from rich.text import Text
except KeyboardInterrupt:  # `main` is not there yet to see to it
    sys.exit(130)

from .. import __version__
from ..errors import BudgetTooSmall, EmptyLanguage, RefusedValue, Span, SpecError, StructfillError

if TYPE_CHECKING:
    from ..front.json_schema.constraint import JsonSchema
    from ..generator import Generator

NO_ANSWER, BAD_INPUT, INTERRUPTED = 1, 2, 130
_JSON = re.compile(r'\s*(?:[\[{"]|-?\d[\d.eE+-]*\s*$)')  # how a text begins that is JSON, or was meant to be
UNCUT = 1 << 16  # columns of what is written to a file or a pipe: whoever reads it wants whole pointers


class _Errors(Console):
    def on_broken_pipe(self) -> None:
        """A reader of standard error that has gone changes nothing about the exit code."""
        self.quiet = True
        _discard(sys.stderr)


app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="Exact constrained generation for diffusion language models.")
errors = _Errors(stderr=True, highlight=False, markup=False, soft_wrap=True, emoji=False)

SchemaOption = Annotated[str, typer.Option("--schema", "-s", help="A JSON Schema file, or module:Type for a Python "
                                                                  "type (Pydantic model, dataclass, ...).")]
SchemaArgument = Annotated[str, typer.Argument(help="A JSON Schema file, or module:Type.")]
WhitespaceOption = Annotated[str, typer.Option(help="Whitespace in generated text: flexible, compact or any.")]


def _print_version(asked: bool) -> None:
    if asked:
        print(f"structfill {__version__}")
        raise typer.Exit


@app.callback()
def _common(version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True,
                                                  help="Print the version and leave.")] = False) -> None:
    """What can be asked without a command."""


@app.command()
def generate(
    schema: SchemaOption,
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="The text to read.")] = None,
    prompt_file: Annotated[str | None, typer.Option("--prompt-file", "-f",
                                                    help="A file with the text, or - for standard input.")] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="default, the name of a remote model such as mercury-2, "
                                                             "or a Hugging Face model or folder.")] = "default",
    passes: Annotated[int | None, typer.Option(help="Denoising steps at most.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Positions of the canvas.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 for the most probable text, above 0 for a draw.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of a draw.")] = None,
    whitespace: WhitespaceOption = "flexible",
) -> None:
    """Read a text, write a JSON document that satisfies the schema."""
    from ..generator import Generator
    from ..models import load

    text = _prompt(prompt, prompt_file, schema)
    constraint, loaded = _constraint(schema, whitespace), load(model)
    options = _options(model, loaded, passes=passes, temperature=temperature, seed=seed)
    generator = Generator(constraint=constraint, model=loaded, options=options, max_tokens=max_tokens)
    answer = _watched(generator, text) if errors.is_terminal else generator(text).text
    if sys.stdout.isatty():
        Console().print_json(answer)
    else:
        print(answer)


def _watched(generator: Generator, prompt: str) -> str:
    """The text that `generator` writes, every pass of it shown on the terminal."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # it leaves time to put the display away
    with Live(console=errors, transient=True, auto_refresh=False) as live:
        for snapshot in generator.stream(prompt):
            settled, length = snapshot.committed
            live.update(f"pass {snapshot.passes}: {settled}/{length} positions settled\n{snapshot.text}", refresh=True)
        try:
            generator.constraint.value(snapshot.text)
        except RefusedValue:  # an ordinary call comes to the same text, and then fills the refused field anew
            return generator(prompt).text
    return snapshot.text


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
    constraint = sql("sqlite", db)
    query = Generator(constraint=constraint, model=model, max_tokens=max_tokens)(question).text.strip()
    print(query)
    if run:
        _print_rows(db, query)


def _print_rows(db: Path, query: str) -> None:
    with contextlib.closing(sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            for row in connection.execute(query):
                print("\t".join("" if value is None else str(value) for value in row))
        except sqlite3.Error as error:  # a valid query may fail on its data: an overflow, a malformed date
            errors.print(f"SQLite: {error}")
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
    if explain and not as_json:
        _show("keyword", "what became of it", constraint.explained)
    with _located(schema):
        automaton = constraint.counting(Limits())
    front_ms = (time.perf_counter() - start) * 1e3
    graph = compile_graph(constraint, vocab)
    figures = {"automaton states": len(automaton), "graph states": graph.states, "edges": graph.edges,
               "token classes": graph.classes, "shortest text (tokens)": int(graph.shortest[0]),
               "schema to automaton (ms)": round(front_ms, 2), "automaton to graph (ms)": round(graph.compile_ms, 2),
               "memory (bytes)": graph.nbytes} | ({"values nest, at most": graph.nesting} if graph.nesting else {})
    if as_json:
        print(json.dumps(figures | ({"keywords": constraint.explained} if explain else {})))
    else:
        _show("", schema, {name: f"{value:,}" for name, value in figures.items()})


def _show(left: str, right: str, rows: Mapping[str, str]) -> None:
    """A table of two columns. Nothing is cut off: what a terminal has no room for goes on in the next line."""
    table = Table(*(Column(Text(name), overflow="fold") for name in (left, right)), box=None)
    for name, value in rows.items():
        table.add_row(Text(name), Text(value))
    console = Console()
    if not console.is_terminal:
        console.width = UNCUT
    console.print(table)


@app.command()
def validate(
    schema: SchemaArgument,
    text: Annotated[str, typer.Argument(help="The text, a file that holds it, or - for standard input.")],
) -> None:
    """Say whether a text is in the language, or where it leaves it."""
    content = _content(_not_twice(text, schema))
    constraint = _constraint(schema, "flexible")
    reading = constraint.read(content)
    if reading.accepted:
        if constraint.adapter is not None:  # a Python type has the last word, by validators that no schema shows
            constraint.value(content)
        print("valid")
        return
    if reading.continuable:
        errors.print(f"incomplete: the text ends where {reading.expected} is expected")
    else:
        at = reading.position
        line, column = content.count("\n", 0, at) + 1, at - content.rfind("\n", 0, at)
        errors.print(f"invalid at line {line}, column {column}: expected {reading.expected}\n"
                     f"{Span(content, at, at + 1).caret()}")
    raise typer.Exit(NO_ANSWER)


def _content(text: str) -> str:
    """The text to validate. What looks like a path is not taken for a text, or a mistyped name would be judged."""
    if text == "-" or _is_file(text):
        return _read(text)
    path = text.endswith(".json") or "/" in text or os.sep in text or _exists(text)  # that of a folder exists
    if path and not _JSON.match(text):
        raise SpecError(f"there is no file {text!r:.200}", hint="give JSON, a file that holds it, or -")
    return text


@app.command()
def warm(grammars: Annotated[bool, typer.Option("--grammars", help="Those of grammars and SQL too.")] = False) -> None:
    """Compile the CPU kernels now, once a machine, so that the first real call does not have to."""
    start = time.perf_counter()
    errors.print("compiling the CPU kernels, once a machine: two to five minutes")
    _warm_schemas()
    if grammars:
        _warm_grammars()
    errors.print(f"kernels ready after {time.perf_counter() - start:.0f} s")


def _warm_schemas() -> None:
    """Schemas that together use every kernel, compiled anew: a graph from the cache would leave its kernels cold."""
    from ..front.json_schema.constraint import json_schema
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
    from ..limits import Limits
    from ..vocab import Vocab

    graph = LazyGraph(sql("sqlite", {"t": {"a": "int"}}).lazily(Limits()), Vocab.bytes())  # anew, not from the cache
    trellis = LazyTrellis(graph, 24)
    for canvas in (trellis, trellis.fix(dict.fromkeys((22, 23), graph.vocab.eos_ids[0]))):
        canvas.best(torch.zeros(24, len(graph.vocab)))
        canvas.sample(torch.zeros(24, len(graph.vocab)))
    trellis.constrain(torch.zeros(24, len(graph.vocab)))
    trellis.next_tokens(0, graph.start, 0, 1)
    fixed = np.array([-1] * 20 + [*b" FROM t"], np.int64)
    bridged(graph, graph.number(graph.start), fixed, 0, Effort(most=1_000, tried=1, asked=1_000))


def main() -> None:
    """The entry point: named errors become one message and an exit code."""
    if sys.stdout is None:  # closed by the caller: what is printed shall fail, and not be lost in silence
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else the caller has it ignored
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))  # NumPy, cut short, raises what it likes
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # here and not at the very end of Python, where errors are beyond us
    except StructfillError as error:
        errors.print(f"{type(error).__name__}: {error}", style="red" if errors.is_terminal else None)
        sys.exit(NO_ANSWER if isinstance(error, EmptyLanguage | BudgetTooSmall | RefusedValue) else BAD_INPUT)
    except (SystemExit, BrokenPipeError) as end:
        if BrokenPipeError not in (type(end), type(end.__context__)):
            raise
        _discard(sys.stdout)  # the reader of our output has gone; Typer and Rich would call that a failure
        sys.exit(0)
    except OSError as error:
        if error.filename is not None or error.errno is None:  # it comes from elsewhere: output has no name here
            raise
        _discard(sys.stdout)
        errors.print(f"cannot write the output: {error.strerror or error}")
        sys.exit(NO_ANSWER)


def _discard(stream: TextIO) -> None:
    """What `stream` still holds goes nowhere, or Python would try to write it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _constraint(spec: str, whitespace: str) -> JsonSchema:
    """The constraint of a schema file or a module:Type, with a caret in the file for what is refused."""
    from ..front.json_schema.constraint import json_schema
    from ..front.json_schema.document import parse_document
    from ..front.json_schema.keywords.reading import kind_name

    if ":" in spec and not _is_file(spec):
        return json_schema(_python_type(spec), whitespace=whitespace)
    with _located(spec):
        schema = parse_document(_read(spec))
        if not isinstance(schema, dict | bool):  # `json_schema` would take a str for the text of a schema
            raise SpecError(f"a schema must be an object or a boolean, found {kind_name(schema)} in {spec!r}")
        return json_schema(schema, whitespace=whitespace)


@contextmanager
def _located(spec: str) -> Iterator[None]:
    """Put a caret into the schema's file where a pointer of an error leads."""
    from ..front.json_schema.document import locate

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


def _prompt(prompt: str | None, prompt_file: str | None, schema: str) -> str:
    if (prompt is None) == (prompt_file is None):
        raise SpecError("give the text with either --prompt or --prompt-file")
    return prompt if prompt is not None else _read(_not_twice(prompt_file or "-", schema))


def _not_twice(text: str, schema: str) -> str:
    if schema == text == "-":
        raise SpecError("the schema and the text cannot both come from standard input", hint="put one into a file")
    return text


def _is_file(name: str) -> bool:
    return _exists(name) and not Path(name).is_dir()


def _exists(name: str) -> bool:
    try:
        return Path(name).exists() and name != ""
    except (OSError, ValueError):  # a text too long for a name, or with a NUL
        return False


@cache
def _read(name: str) -> str:
    """The text of a file, or of standard input for `-`, without the mark that some editors put before it."""
    if name == "-" and sys.stdin is None:
        raise SpecError("there is no standard input to read")
    try:
        return (sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read {name!r}: {error}") from None


if __name__ == "__main__":
    main()
