"""What the dialects differ in beside their grammar: case of names, quotes, functions that write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

from ...errors import UnsupportedFeature
from .compose import FILES


@dataclass(frozen=True)
class Dialect:
    """Facts of one dialect.

    `fold_tables` and `fold_columns` say when two spellings are one name: "any" case, "lower" (unquoted names are
    lower-cased, quoted ones are exact), or "exact". With `capitals`, names in any case are kept in capitals.
    `sqlglot` is its name there. `writers` matches, in lower case, functions that change data, settings or files, or
    that run text as SQL. No table and no column has a character of `no_names` in its name.
    """

    name: str
    sqlglot: str
    fold_tables: str
    fold_columns: str
    quote: str
    writers: re.Pattern[str]
    capitals: bool = False
    no_names: str = ""

    def table_key(self, name: str, quoted: bool = True) -> str:
        """Equal for spellings of one table."""
        return self._key(name, quoted, self.fold_tables)

    def column_key(self, name: str, quoted: bool = True) -> str:
        """Equal for spellings of one column."""
        return self._key(name, quoted, self.fold_columns)

    def _key(self, name: str, quoted: bool, fold: str) -> str:
        return self.folded(name) if fold == "any" or fold == "lower" and not quoted else name

    def folded(self, name: str) -> str:
        """The name as it is kept where case does not count."""
        return name.translate(_TO_CAPITALS) if self.capitals else ascii_lower(name)

    def quoted(self, name: str) -> str:
        """The name in the dialect's quotes. Where names are kept in capitals, a plain word is one of those."""
        if self.capitals and WORDS.fullmatch(name):
            name = self.folded(name)
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"


WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_TO_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)


def ascii_lower(name: str) -> str:
    """Lower case of the ASCII letters: what databases fold, whatever the language."""
    return "".join(c.lower() if c.isascii() else c for c in name)


_WRITERS = {
    "sqlite": "load_extension|readfile|writefile|edit|eval|fsdir|zipfile|fileio_.*|fts3_tokenizer|sqlite_log|"
              "(from )?pragma_optimize",
    "postgres": "nextval|setval|set_config|setseed|set_limit|lo_.*|loread|lowrite|dblink.*|"
                "(query|cursor|table|schema|database)_to_.*|ts_stat|ts_rewrite|crosstab.*|connectby|xpath_table|"
                "pg_.*advisory.*|pg_(terminate|cancel|rotate|file|switch|create|drop|logical|replication|sync|log|read|"
                "ls|wal|backup|start|stop|import|export|copy|restore|clear|enable|disable|truncate)_.*|pg_logdir_ls|"
                "pg_stat_(file|reset.*|.*_reset|force_.*|clear_.*)|pg_reload_conf|pg_notify|pg_promote|pg_prewarm|"
                "autoprewarm_.*|pg_nextoid|pg_buffercache_evict.*|pg_get_wal_.*|pg_hba_file_rules|"
                "pg_ident_file_mappings|pg_show_all_file_settings|pg_current_logfile|pg_extension_config_dump|"
                "brin_.*|gin_clean_.*|heap_force_.*|binary_upgrade_.*",
    "duckdb": "nextval|setval|setseed|checkpoint|force_checkpoint|query|query_table|json_execute_serialized_sql|"
              "from_substrait.*|pragma_.*|read_.*|glob|sniff_.*|parquet_.*|st_read.*|delta_.*|iceberg_.*|ducklake_.*|"
              "load_aws_.*|sqlite_.*|postgres_.*|mysql_.*|write_.*|copy_.*|import_database|truncate_.*|enable_.*|"
              "disable_.*|(de)?register_.*|(create|destroy)_external_.*|(add|remove)_grammar_.*|add_parquet_key|"
              "(python_)?arrow_scan.*|pandas_scan|python_map_function",
    "mysql": "nextval|setval|get_lock|release_.*|service_.*_locks|load_file|sys_exec|sys_eval|benchmark|set_.*|"
             "master_.*|source_pos_.*|last_insert_id|wait_for_.*|group_replication_.*|asynchronous_.*|keyring_.*|"
             "audit_(log|api)_.*|version_tokens_.*|spider_.*",
    "bigquery": "external_query",
    "snowflake": r"system\$.*|\.nextval|getnextval|infer_schema",
}
_WRITERS["generic"] = "|".join(_WRITERS.values())


def _dialect(name: str, sqlglot: str, fold_tables: str, fold_columns: str, quote: str,
             capitals: bool = False, no_names: str = "") -> Dialect:
    return Dialect(name, sqlglot, fold_tables, fold_columns, quote, re.compile(_WRITERS[name]), capitals, no_names)


_DIALECTS = {
    "sqlite": _dialect("sqlite", "sqlite", "any", "any", '"'),
    "postgres": _dialect("postgres", "postgres", "lower", "lower", '"'),
    "duckdb": _dialect("duckdb", "duckdb", "any", "any", '"'),
    "mysql": _dialect("mysql", "mysql", "exact", "any", "`"),
    "snowflake": _dialect("snowflake", "snowflake", "any", "any", '"', capitals=True),
    "bigquery": _dialect("bigquery", "bigquery", "exact", "any", "`", no_names="\\`.[]\"'$*?^{}~\n"),
    "generic": _dialect("generic", "", "any", "any", '"'),
}


_ALSO = {"postgresql": "postgres", "mariadb": "mysql"}  # as SQLAlchemy calls them


def find_dialect(name: object) -> Dialect:
    """The dialect of this name; raises `UnsupportedFeature` with the names that there are."""
    known = _ALSO.get(name.lower(), name.lower()) if isinstance(name, str) else ""
    if known not in _DIALECTS:
        raise UnsupportedFeature(f"SQL dialect {name!r}", hint="there are " + ", ".join(map(repr, FILES)))
    return _DIALECTS[known]
