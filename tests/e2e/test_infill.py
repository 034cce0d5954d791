"""A hole in a text that a constraint allows as a whole."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage, SpecError, UnsupportedFeature
from structfill.front.between import Between
from tests.fake_models import RandomModel

TABLES = {"users": {"id": "int", "name": "text", "age": "int"}, "orders": {"id": "int", "user_id": "int"}}
GIVEN = [("SELECT name FROM ", ""), ("SELECT name FROM ", " WHERE age > 3"), ("SELECT ", " FROM users"),
         ("SELECT name FROM users WHERE id IN (SELECT ", ") ORDER BY name"), ("SELECT na", "e FROM users"),
         ("SELECT name FROM users WHERE name = 'x", "'"), ("", " FROM orders")]
SETTING = {"type": "object", "additionalProperties": False, "required": ["level", "size"],
           "properties": {"level": {"enum": ["low", "high"]}, "size": {"type": "integer", "maximum": 20}}}


class _Remote:
    default_options = sf.RemoteOptions()

    def write(self, prompt: str, constraint: sf.Constraint, options: sf.RemoteOptions) -> object:
        raise AssertionError("is not asked")


class _Causal(RandomModel):
    default_options = sf.LeftToRightOptions()


class _Renoising(RandomModel):
    default_options = sf.RenoiseOptions(passes=3)

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor, conditioning: object = None) -> torch.Tensor:
        return super().__call__(context, canvas)


@pytest.fixture(scope="module")
def writer() -> sf.Generator:
    options = sf.SamplerOptions(passes=3, temperature=1.0)
    return sf.Generator(sql=sf.sql("sqlite", TABLES), model=RandomModel(canvas_length=48), max_tokens=96,
                        options=options)


@pytest.mark.parametrize(("prefix", "suffix"), GIVEN)
def test_sqlite_prepares_a_query_with_a_hole_filled(writer: sf.Generator, prefix: str, suffix: str) -> None:
    database = sqlite3.connect(":memory:")
    for table, columns in TABLES.items():
        database.execute(f"create table {table} ({', '.join(columns)})")
    for prompt in ("one", "two"):
        middle = writer.infill(prefix, suffix, prompt)
        whole = prefix + middle + suffix
        database.execute(f"EXPLAIN {whole}")
        assert middle and len(whole.encode()) < 96


@pytest.mark.parametrize(("prefix", "suffix", "expected"), [
    ('{"level":"', '","host":"node-7"}', "ERROR"), ('{"level":"ERROR","host":"', '"}', "node-7")])
def test_the_model_says_how_long_a_hole_of_a_grammar_is(prefix: str, suffix: str, expected: str) -> None:
    grammar = sf.lark("""
        start: "{" pair ("," pair)* "}"
        pair: STRING ":" (STRING | start)
        STRING: /"[^"]*"/
    """)
    found = sf.infill(prefix, suffix, whole=grammar, prompt="ERROR disk full on node-7", max_tokens=64)
    assert found == expected


def test_the_spelling_of_what_is_given_has_the_fewest_tokens() -> None:
    vocab = sf.Vocab.of_tokens([b"a", b"ab", b"bc", b"c", b"abcd", b"d", None], eos_ids=(6,))
    assert vocab.spell(b"abc") == [1, 3] and vocab.spell(b"abcd") == [4] and vocab.spell(b"abcabcd") == [1, 3, 4]
    assert vocab.spell(b"") == [] and vocab.spell(b"xa") is None


@pytest.mark.parametrize("seed", range(6))
def test_a_hole_of_a_schema(seed: int) -> None:
    schema = sf.json_schema(SETTING, whitespace="compact")
    options = sf.SamplerOptions(passes=3, temperature=1.0, seed=seed)
    found = sf.infill('{"level":', "}", whole=schema, model=RandomModel(), options=options)
    assert schema.accepts('{"level":' + found + "}") and '"size"' in found
    digits = sf.infill('{"level":"high","size":1', "}", whole=schema, model=RandomModel(), options=options)
    assert digits in ("", *"0123456789")


def test_what_may_stand_between_is_what_the_whole_allows() -> None:
    schema = sf.json_schema(SETTING, whitespace="compact")
    between = Between(schema, '{"level":"low","size":', "}")
    graph = sf.compile(between, sf.Vocab.bytes())
    for size in range(-5, 40):
        text = f'{{"level":"low","size":{size}}}'
        tokens = [*text.encode(), 256]
        assert between.accepts(text) == (size <= 20) == (graph.run(np.array(tokens)) >= 0)
    assert not between.accepts('{"level":"high","size":3}')


@pytest.mark.parametrize(("prefix", "suffix", "error", "message"), [
    ('{"size":3', "}", EmptyLanguage, r'behind \'\{"\' cannot come .size.*order of the schema'),
    ('{"level":"low"', "]", EmptyLanguage, "given on both sides"),
    ('{"level":"low"' + " " * 90, "}", EmptyLanguage, "begins as given"),
    (3, "}", SpecError, "prefix must be a str"), ("{", None, SpecError, "suffix must be a str"),
])
def test_what_is_given_may_not_fit_a_schema(prefix: str, suffix: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sf.infill(prefix, suffix, whole=sf.json_schema(SETTING, whitespace="compact"), model=RandomModel())


@pytest.mark.parametrize(("prefix", "suffix", "error", "message"), [
    ("SELEKT ", "", EmptyLanguage, "behind 'SELE' cannot come 'KT "),
    ("SELECT name FROM users", " WHERE nosuch = 3", EmptyLanguage, "nothing makes a valid text of what is given"),
    ("SELECT name FROM users WHERE id IN (", "1" + ", 1" * 30 + ")", BudgetTooSmall, "max_tokens=129"),
])
def test_what_is_given_may_not_fit_a_grammar(writer: sf.Generator, prefix: str, suffix: str, error: type[Exception],
                                             message: str) -> None:
    with pytest.raises(error, match=message):
        writer.infill(prefix, suffix)


def test_a_canvas_without_room_for_a_hole() -> None:
    short = sf.Generator(sql=sf.sql("sqlite", TABLES), model=RandomModel(), max_tokens=96, canvas_length=48)
    with pytest.raises(SpecError, match="canvas_length=60"):
        short.infill("SELECT name FROM ", " WHERE id = " + "1" * 47)


NESTED = sf.lark('''
    start: "temperature" ":" v
    v: "[" [v ("," v)*] "]" | STR
    STR: /"[^"]*"/
''')


def test_a_hole_may_have_one_length_only_and_end_with_the_budget() -> None:
    assert sf.infill("t", "e:[]", whole=NESTED, model=RandomModel(), max_tokens=64) == "emperatur"
    assert sf.infill("temperature:", '"', whole=NESTED, model=RandomModel(), max_tokens=14) == '"'
    with pytest.raises(BudgetTooSmall, match="max_tokens=14"):
        sf.infill("temperature:", '"', whole=NESTED, model=RandomModel(), max_tokens=13)


def test_a_budget_that_is_not_given_holds_what_is_given() -> None:
    found = sf.infill("temperature:[", "[" * 90 + "]" * 91, whole=NESTED, model=RandomModel())
    assert NESTED.accepts("temperature:[" + found + "[" * 90 + "]" * 91)
    schema = sf.json_schema({"type": "object"}, whitespace="compact")
    long = '{"n":"' + "x" * 120
    assert schema.accepts(long + sf.infill(long, '","k":1}', whole=schema, model=RandomModel()) + '","k":1}')


def test_which_models_fill_a_hole() -> None:
    with pytest.raises(SpecError, match="pass one of constraint"):
        sf.infill("a", "b", sf.choice(["x"]), whole=sf.choice(["axb"]), model=RandomModel())
    with pytest.raises(UnsupportedFeature, match="remote"):
        sf.infill("a", "b", whole=sf.choice(["axb"]), model=_Remote())
    left_to_right = sf.Generator(sql=sf.sql("sqlite", TABLES), model=_Causal(), max_tokens=48)
    with pytest.raises(UnsupportedFeature, match="left-to-right"):
        left_to_right.infill("SELECT ", " FROM users")


def test_a_model_that_starts_from_random_tokens_fills_a_hole() -> None:
    query = sf.Generator(sql=sf.sql("sqlite", TABLES), model=_Renoising(), max_tokens=64)
    found = query.infill("SELECT name FROM ", " WHERE age > 3")
    assert found.strip().lower() == "users"


@pytest.mark.parametrize(("prefix", "suffix"), [("SELECT name\nFROM users\n\tWHERE ", ""),
                                                ("SELECT name FROM users WHERE id = ", ";"),
                                                ("SELECT name FROM ", "\r\nLIMIT 3;")])
def test_sql_as_people_lay_it_out(prefix: str, suffix: str) -> None:
    query = sf.sql("sqlite", {"users": {"id": "int", "name": "text"}})
    assert query.accepts(prefix + sf.infill(prefix, suffix, whole=query, max_tokens=64) + suffix)


NAMED = {"users": {"id": "int", "größe": "real", "type": "text"}, "order items": {"user id": "int"}}


@pytest.mark.parametrize(("dialect", "prefix", "suffix"), [
    ("sqlite", "-- all\nSELECT /* one */ ", " FROM users -- of ours"), ("sqlite", "SELECT [type]", " FROM [users]"),
    ("sqlite", "SELECT größe, ", " FROM users WHERE Größe > 1"), ("sqlite", "SELECT type, ", " FROM `users`"),
    ("sqlite", "SELECT `user id` FROM ", ""), ("sqlite", "SELECT id FROM users WHERE type = 'a -- ", "' AND größe > 2"),
    ("mysql", "SELECT größe, ", " FROM users /* all */"), ("postgres", 'SELECT "id", ', ' FROM "users"'),
])
def test_sql_around_a_hole_may_have_comments_and_names_in_any_quotes(dialect: str, prefix: str, suffix: str) -> None:
    query = sf.sql(dialect, NAMED)
    assert query.accepts(prefix + sf.infill(prefix, suffix, whole=query, model=RandomModel(), max_tokens=96) + suffix)


@pytest.mark.parametrize("prefix", ["SELECT id -- here", "SELECT id /* here "])
def test_a_hole_in_a_comment(prefix: str) -> None:
    with pytest.raises(SpecError, match="the hole stands in a comment: '.* here"):
        sf.infill(prefix, " FROM users", whole=sf.sql("sqlite", NAMED), model=RandomModel())


@pytest.mark.parametrize(("prefix", "suffix", "name"), [("a" * 600 + "\ud800", "", "prefix"),
                                                        ("", "b\udfff", "suffix")])
def test_given_text_that_utf_8_cannot_spell(prefix: str, suffix: str, name: str) -> None:
    for how in ({"constraint": sf.regex("[a-z]{1,4}")}, {"whole": sf.regex("[a-z]+")}):
        with pytest.raises(SpecError, match=f"the {name} holds half of a surrogate pair"):
            sf.infill(prefix, suffix, model=RandomModel(), **how)
    with pytest.raises(SpecError, match="the template holds half of a surrogate pair"):
        sf.template(prefix + "{{a}}" + suffix, a=sf.regex("[a-z]{1,4}"))


def test_of_a_long_suffix_only_the_beginning_is_on_canvases() -> None:
    model, suffix = RandomModel(canvas_length=64), "; done, " * 1_000
    hole, options = sf.regex("[a-z]{1,9}"), sf.SamplerOptions(passes=2)
    middle = sf.infill("word ", suffix, hole, model=model, options=options)
    assert hole.accepts(middle) and model.calls < 20
    spelled = len(model.vocab.spell(suffix[256:].encode()) or ())
    with pytest.raises(BudgetTooSmall, match="100 given") as caught:
        sf.infill("word ", suffix, hole, model=model, options=options, max_tokens=100)
    assert caught.value.needed > spelled
    assert hole.accepts(sf.infill("word ", suffix, hole, model=model, options=options, max_tokens=caught.value.needed))


@pytest.mark.parametrize("how", [{"constraint": sf.regex("[a-z]{1,9}")}, {"whole": sf.regex("(word, )*[a-z]{1,9}!")}])
def test_of_a_long_prefix_only_the_end_is_on_canvases(how: dict[str, sf.Constraint]) -> None:
    model, options = RandomModel(canvas_length=64), sf.SamplerOptions(passes=2)
    middle = sf.infill("word, " * 1_000, "!", model=model, options=options, max_tokens=6_050, **how)
    assert 1 <= len(middle) <= 9 and middle.isalpha()
    assert model.calls < 30
