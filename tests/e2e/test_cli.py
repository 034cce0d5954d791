"""The command line as a user meets it: answers on standard output, messages on standard error, exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from structfill import __version__
from structfill.integrations import cli

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = {"type": "object", "properties": {"status": {"enum": ["open", "paid"]}, "n": {"type": "integer"}},
          "required": ["status"], "additionalProperties": False}
PICKY = """
from typing import Annotated, Literal
from pydantic import AfterValidator, BaseModel

def never(*refused):
    def check(kind):
        if kind in refused:
            raise ValueError(f"nobody wants {kind}")
        return kind
    return AfterValidator(check)

class NotA(BaseModel):
    kind: Annotated[Literal["a", "b"], never("a")]

class NotB(BaseModel):
    kind: Annotated[Literal["a", "b"], never("b")]

class Neither(BaseModel):
    kind: Annotated[Literal["a", "b"], never("a", "b")]
"""
Call = Callable[..., SimpleNamespace]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA, indent=1))
    (tmp_path / "shop.py").write_text("from typing import Literal\nKind = Literal['a', 'b']\n")
    return tmp_path


def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return shell(folder, '"$@"', *arguments, stdin=stdin)


def shell(folder: Path, line: str, *arguments: str, stdin: str = "",
          stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which `"$@"` is the command with `arguments`."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}",
                                "STRUCTFILL_CACHE_DIR": str(folder / "cache")}
    return subprocess.run(["sh", "-c", line, "sh", sys.executable, "-m", "structfill", *arguments], input=stdin,
                          stdout=stdout, stderr=stderr, text=True, cwd=folder, env=environment, timeout=120)


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The command in this process, where its imports are paid for once."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STRUCTFILL_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    cli._read.cache_clear()
    ctrl_c = signal.getsignal(signal.SIGINT)

    def called(*arguments: str) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["structfill", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        signal.signal(signal.SIGINT, ctrl_c)
        out, err = capsys.readouterr()
        return SimpleNamespace(returncode=end.value.code, stdout=out, stderr=err)

    return called


@pytest.fixture
def picky(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module `picky` of types whose validators refuse what their schemas allow."""
    (folder / "picky.py").write_text(PICKY)
    monkeypatch.delitem(sys.modules, "picky", raising=False)


@pytest.fixture
def gone() -> Iterator[int]:
    """A pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def test_generate_prints_clean_json_on_a_pipe(folder: Path) -> None:
    done = run(folder, "generate", "--schema", "s.json", "--prompt-file", "-", "--passes", "2", stdin="It is paid.")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] in ("open", "paid") and done.stdout.count("\n") == 1


def test_generate_takes_python_types(folder: Path) -> None:
    done = run(folder, "generate", "-s", "shop:Kind", "-p", "x", "--passes", "1")
    assert done.returncode == 0 and json.loads(done.stdout) in ("a", "b")


def test_compile_prints_figures(folder: Path) -> None:
    done = run(folder, "compile", "s.json", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["graph states"] > 10
    assert "token classes" in run(folder, "compile", "s.json").stdout


def test_compile_shows_the_refused_keyword_in_the_file(folder: Path) -> None:
    (folder / "bad.json").write_text('{\n "properties": {\n  "a": {"uniqueItems": true}\n }\n}')
    done = run(folder, "compile", "bad.json")
    assert done.returncode == 2 and done.stdout == ""
    assert "UnsupportedFeature" in done.stderr and "/properties/a/uniqueItems" in done.stderr and "^" in done.stderr


def test_explain_says_what_became_of_every_keyword(folder: Path) -> None:
    (folder / "e.json").write_text('{"title": "x", "type": "object", "properties": {"u": {"format": "uri"}}}')
    done = run(folder, "compile", "e.json", "--explain")
    assert done.returncode == 0
    for line in ("/title +annotation", "/type +exact", "/properties/u/format +checked exactly"):
        assert re.search(line, done.stdout), done.stdout


def test_contradictions_are_named(folder: Path) -> None:
    inner = {"minimum": 3, "type": "integer", "maximum": 2}
    (folder / "bad.json").write_text(json.dumps({"properties": {"a": inner}, "required": ["a"], "type": "object"}))
    done = run(folder, "compile", "bad.json")
    assert done.returncode == 1 and "no JSON value" in done.stderr
    assert "/properties/a/minimum" in done.stderr and "contradicts /properties/a/maximum" in done.stderr


@pytest.mark.parametrize("content, message", [
    ("{", "not JSON"), ('{"a": 1, "a": 2}', "occurs twice"), ('{"minimum": NaN}', "NaN"), ("[" * 5000, "nesting"),
    ('{"type": "strin"}', "/type"), ("\xff", "not JSON"),
])
def test_bad_schemas_are_bad_input(folder: Path, content: str, message: str) -> None:
    (folder / "bad.json").write_text(content, encoding="utf-8")
    done = run(folder, "compile", "bad.json")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_validate_says_where(folder: Path) -> None:
    assert run(folder, "validate", "s.json", '{"status": "open", "n": 1.0}').returncode == 0
    done = run(folder, "validate", "s.json", '{"status":\n "closed"}')
    assert done.returncode == 1 and "line 2, column 3" in done.stderr and "^" in done.stderr
    assert "incomplete" in run(folder, "validate", "s.json", '{"status"').stderr


@pytest.mark.parametrize("arguments, code", [
    (["generate", "-s", "missing.json", "-p", "x"], 2), (["generate", "-s", "s.json"], 2),
    (["generate", "-s", "s.json", "-p", "x", "-f", "-"], 2), (["generate", "-s", "no.module:X", "-p", "x"], 2),
    (["generate", "-s", "s.json", "-p", "x", "--max-tokens", "2"], 1),
    (["generate", "-s", "s.json", "-p", "x", "--passes", "0"], 2), (["nonsense"], 2),
    (["compile", "s.json", "--tokenizer", "s.json"], 2), (["compile", "s.json", "--whitespace", "lots"], 2),
])
def test_exit_codes(folder: Path, arguments: list[str], code: int) -> None:
    done = run(folder, *arguments)
    assert done.returncode == code and "Traceback" not in done.stderr and done.stderr


def test_models_by_name(folder: Path) -> None:
    done = run(folder, "generate", "-s", "s.json", "-p", "x", "--model", "no-such-model")
    assert done.returncode == 2 and "there is no model 'no-such-model'" in done.stderr and done.stdout == ""


def test_a_remote_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("INCEPTION_API_KEY", "")
    asked = "generate", "-s", "s.json", "-p", "x", "-m", "mercury-2"
    done = run(folder, *asked)
    assert done.returncode == 2 and "there is no key: set INCEPTION_API_KEY" in done.stderr
    monkeypatch.setenv("INCEPTION_API_KEY", "sk-secret")
    done = run(folder, *asked, "--passes", "3")
    assert done.returncode == 2 and "the model mercury-2 knows no --passes" in done.stderr
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there, and nothing goes out
    done = run(folder, *asked)
    assert done.returncode == 2 and "cannot reach api.inceptionlabs.ai" in done.stderr
    assert "sk-secret" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("watched", [False, True])
def test_refused_fields_are_filled_anew(call: Call, picky: None, monkeypatch: pytest.MonkeyPatch,
                                        watched: bool) -> None:
    monkeypatch.setattr(cli, "errors", Console(stderr=True, force_terminal=watched))
    for kind, left in (("NotA", "b"), ("NotB", "a")):  # whatever the model likes best, one of the two refuses it
        done = call("generate", "-s", f"picky:{kind}", "-p", "x", "--passes", "2")
        assert done.returncode == 0 and json.loads(done.stdout) == {"kind": left}, done.stderr
        assert ("positions settled" in done.stderr) == watched


def test_where_every_value_is_refused_there_is_no_answer(call: Call, picky: None) -> None:
    done = call("generate", "-s", "picky:Neither", "-p", "x", "--passes", "2")
    assert done.returncode == 1 and done.stdout == "" and "nobody wants" in done.stderr


def test_validate_asks_the_validators_of_a_type(call: Call, picky: None) -> None:
    assert call("validate", "picky:NotA", '{"kind": "b"}').returncode == 0
    done = call("validate", "picky:NotA", '{"kind": "a"}')
    assert done.returncode == 1 and done.stdout == "" and "nobody wants a" in done.stderr


@pytest.mark.parametrize("content, found", [
    ("null", "null"), ('"{}"', "a string"), ('"null"', "a string"), ("[]", "an array"), ("3", "a number"),
])
def test_files_that_hold_no_schema(call: Call, folder: Path, content: str, found: str) -> None:
    (folder / "no.json").write_text(content)
    done = call("validate", "no.json", "1")
    assert done.returncode == 2 and done.stdout == ""
    assert f"a schema must be an object or a boolean, found {found} in 'no.json'" in done.stderr


def test_a_schema_may_begin_with_a_byte_order_mark(call: Call, folder: Path) -> None:
    (folder / "bom.json").write_text(json.dumps(SCHEMA), encoding="utf-8-sig")
    assert call("validate", "bom.json", '{"status": "open"}').stdout == "valid\n"


def test_explained_json_is_one_document(call: Call) -> None:
    done = call("compile", "s.json", "--json", "--explain")
    assert json.loads(done.stdout)["keywords"]["/properties/status/enum"].startswith("exact")


def test_explained_places_are_whole_on_a_pipe(call: Call, folder: Path) -> None:
    name = "n" * 200
    (folder / "long.json").write_text(json.dumps({"type": "object", "properties": {name: {"type": "null"}}}))
    assert f"/properties/{name}/type" in call("compile", "long.json", "--explain").stdout


@pytest.mark.parametrize("text", ["missing.json", "answers/first", "answers", "."])
def test_a_mistyped_file_is_not_a_text(call: Call, folder: Path, text: str) -> None:
    (folder / "answers").mkdir()
    done = call("validate", "s.json", text)
    assert done.returncode == 2 and f"there is no file '{text}'" in done.stderr


@pytest.mark.parametrize("text", ['{"status": "a/b', '["a/b.json"]', '"s/x.json', "7", "", "open"])
def test_what_looks_like_json_is_a_text(call: Call, folder: Path, text: str) -> None:
    (folder / "7").mkdir()
    done = call("validate", "s.json", text)
    assert done.returncode == 1 and ("invalid at line 1" in done.stderr or "incomplete" in done.stderr)


@pytest.mark.parametrize("arguments", [["generate", "-s", "-", "-f", "-"], ["validate", "-", "-"]])
def test_standard_input_is_read_once(call: Call, arguments: list[str]) -> None:
    done = call(*arguments)
    assert done.returncode == 2 and "cannot both come from standard input" in done.stderr


def test_sql_takes_any_file_name_and_prints_no_stray_spaces(call: Call, folder: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(folder / "created.db") as connection:
        connection.execute("CREATE TABLE t (a INT)")
    monkeypatch.setattr("structfill.generator.Generator",  # what it writes is not asked here
                        lambda **_: lambda question: SimpleNamespace(text="  SELECT 0 "))
    done = call("sql", "--db", "created.db", "-q", "x", "--run")
    assert done.returncode == 0 and done.stdout == "SELECT 0\n0\n", done.stderr


def test_version(call: Call) -> None:
    assert call("--version").stdout == f"structfill {__version__}\n"


VALIDATE = "validate", "s.json", '{"status": "open"}'


@pytest.mark.parametrize("arguments", [["--help"], [*VALIDATE], ["compile", "s.json", "--explain"]])
def test_a_reader_that_has_gone_is_no_failure(folder: Path, gone: int, arguments: list[str]) -> None:
    done = shell(folder, '"$@"', *arguments, stdout=gone)
    assert done.returncode == 0 and done.stderr == ""


def test_an_invalid_text_is_invalid_where_nobody_reads_why(folder: Path, gone: int) -> None:
    assert shell(folder, '"$@"', "validate", "s.json", "1", stderr=gone).returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", ['"$@" > /dev/full', '"$@" >&-'])
@pytest.mark.parametrize("arguments", [["--help"], [*VALIDATE]])
def test_output_that_cannot_be_written(folder: Path, line: str, arguments: list[str]) -> None:
    done = shell(folder, line, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("cannot write the output: ") and done.stderr.count("\n") == 1


def test_no_standard_input(folder: Path) -> None:
    done = shell(folder, '"$@" <&-', "validate", "s.json", "-")
    assert done.returncode == 2 and "there is no standard input" in done.stderr


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Also where these tests were started with Ctrl-C ignored, as in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("library, code", [
    ("typer", "signal.raise_signal(signal.SIGINT)"),
    ("numba", "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    raise RecursionError"),
])
def test_ctrl_c_while_libraries_are_loaded(folder: Path, library: str, code: str) -> None:
    (folder / f"{library}.py").write_text(f"import signal\n{code}\n")  # of NumPy it has been seen to come out so
    done = run(folder, *VALIDATE)
    assert done.returncode == 130 and done.stdout == done.stderr == ""


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_puts_the_display_away(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "errors", Console(stderr=True, force_terminal=True))
    monkeypatch.setattr("structfill.generator.Generator.stream", lambda *_: signal.raise_signal(signal.SIGINT))
    done = call("generate", "-s", "s.json", "-p", "x")
    assert done.returncode == 130 and "\x1b[?25h" in done.stderr  # shows the cursor again
