"""What `read_only` refuses beside statements that write: functions, by their names."""

from __future__ import annotations

import pytest

import structfill as sf

REFUSED = {
    "sqlite": ["SELECT * FROM pragma_optimize(1)", "SELECT * FROM main.pragma_optimize(1)",
               "SELECT * FROM pragma_optimize", "SELECT * FROM [Pragma_Optimize]", "SELECT * FROM fsdir('.')",
               "SELECT fileio_read('x')"],
    "postgres": ["SELECT * FROM ts_stat('SELECT a')", "SELECT ts_rewrite(a, 'SELECT a') FROM t",
                 "SELECT pg_ls_dir('.')", "SELECT * FROM t, LATERAL pg_ls_waldir() AS f", "SELECT pg_stat_file('x')",
                 "SELECT setseed(1)",
                 "SELECT * FROM crosstab('SELECT a') AS c (x int)", "SELECT * FROM crosstab4('SELECT a')",
                 "SELECT * FROM connectby('t', 'a', 'b', 'c', 0) AS c (x int)", "SELECT pg_stat_statements_reset()",
                 "SELECT * FROM xpath_table('a', 'b', 't', '/x', 'true') AS x (a int)", "SELECT lowrite(1, 'x')",
                 "SELECT pg_sync_replication_slots()", "SELECT pg_log_backend_memory_contexts(1)",
                 "SELECT schema_to_xml('s', true, true, '')", 'SELECT U&"nextva\\006C"(\'s\')',
                 'SELECT u&"\\+00006eextval"(\'s\')', 'SELECT pg_catalog."pg_notify"(\'a\', \'b\')',
                 "SELECT nextval('s')", "SELECT pg_read_file('x')", "SELECT pg_try_advisory_lock(1)"],
    "duckdb": [f"SELECT * FROM {name}('x')" for name in (
        "read_text", "read_blob", "read_csv", "read_csv_auto", "read_json_auto", "read_ndjson_objects", "read_parquet",
        "parquet_scan", "parquet_metadata", "parquet_kv_metadata", "read_duckdb", "glob", "sniff_csv",
        "json_execute_serialized_sql", "truncate_duckdb_logs", "enable_logging", "disable_logging", "enable_profiling",
        "disable_profiling", "main.read_text", '"Read_Text"', "import_database")]
              + ["SELECT 'x'.read_text()", "SELECT setval('s', 1)", "SELECT query('SELECT 1')"],
    "mysql": ["SELECT nextval(s)", "SELECT setval(s, 1)", "SELECT load_file('x')", "SELECT s.nextval(1)"],
    "snowflake": ["SELECT s.nextval", "SELECT a.s.NEXTVAL FROM t", 'SELECT s."NEXTVAL" + 1',
                  "SELECT * FROM TABLE(getnextval(s))", "SELECT system$wait(1)"],
    "generic": ["SELECT s.nextval", "SELECT * FROM read_text('x')", "SELECT * FROM pragma_optimize"],
}
ALLOWED = {
    "sqlite": ["SELECT * FROM pragma_table_info('t')", "SELECT * FROM pragma_table_list", "SELECT t.nextval FROM t"],
    "postgres": ["SELECT t.nextval FROM t", 'SELECT "a\\\\b"(1), "\\00e9"(2)', "SELECT * FROM pg_stat_file",
                 "SELECT pg_typeof(1), pg_stat_get_numscans(1)"],
    "duckdb": ["SELECT json_serialize_sql('x'), t.nextval FROM range(3) AS t", "SELECT 'a' GLOB 'b'"],
    "mysql": ["SELECT s.nextval FROM s"],
    "snowflake": ["SELECT nextval FROM t", "SELECT nextval.a FROM nextval"],
}


@pytest.mark.parametrize("dialect", REFUSED)
def test_functions_that_write_or_read_files_are_refused(dialect: str) -> None:
    reading, writing = sf.sql(dialect), sf.sql(dialect, read_only=False)
    for text in REFUSED[dialect]:
        assert "read_only" in (reading.check(text) or ""), text
        assert writing.check(text) is None, text


@pytest.mark.parametrize("dialect", ALLOWED)
def test_others_are_not(dialect: str) -> None:
    for text in ALLOWED[dialect]:
        assert sf.sql(dialect).check(text) is None, text


def test_known_tables_make_no_difference() -> None:
    for dialect, text in (("sqlite", "SELECT a FROM t, pragma_optimize"), ("duckdb", "SELECT * FROM read_csv('x')")):
        assert "read_only" in (sf.sql(dialect, {"t": ["a"]}).check(text) or "")
    assert "no such table" in (sf.sql("duckdb", {"t": ["a"]}).check("SELECT * FROM 'x.csv'") or "")


def test_names_may_have_many_parts() -> None:
    assert sf.sql("duckdb").accepts("SELECT " + ".".join(["a"] * 3_000))
