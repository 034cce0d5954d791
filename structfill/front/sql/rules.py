"""What of scopes the dialects differ in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """The rules of one dialect. What is doubtful is allowed.

    `aliases`: the clauses in which a result may be named inside an expression ("below": in subqueries of the results).
    `commas`: ON sees what stands before a comma. `twice`: two tables may have one name, as long as it is not used.
    `structs`: `a.b` may be a field of column `a`. `rows`: a table's name may stand for its row. `siblings`: subqueries
    in FROM see what stands to their left. `renames`: RENAME may name what is not there. `named`: results have a name
    even if they are given none, and it is a word. `words`: names without parentheses that are not columns of a table.
    `sorted_by`: ORDER BY after a set operation may name other things than results.
    """

    aliases: frozenset[str]
    words: frozenset[str]
    commas: bool = True
    twice: bool = True
    structs: bool = True
    rows: bool = True
    siblings: bool = False
    renames: bool = False
    named: bool = False
    sorted_by: bool = True


def _words(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


_CLOCK = "current_date current_time current_timestamp localtime localtimestamp sysdate"
_USERS = "user current_user session_user system_user current_role current_catalog current_schema current_database"
_POSTGRES = _words(_CLOCK, _USERS, "ctid oid xmin xmax cmin cmax tableoid")
_DUCKDB = _words(_CLOCK, _USERS, "rowid filename file_row_number file_index")
_MYSQL = _words(_CLOCK, "current_user utc_date utc_time utc_timestamp _rowid")
_BIGQUERY = _words(_CLOCK, "session_user _partitiontime _partitiondate _table_suffix _file_name _change_type")
_SNOWFLAKE = _words(_CLOCK, _USERS, "current_warehouse current_account level rownum")
_SOME = _words("group having qualify order")
_ALL = _SOME | _words("select where windows on")

RULES = {
    "postgres": Rules(frozenset(), _POSTGRES, commas=False, twice=False, structs=False, named=True, sorted_by=False),
    "duckdb": Rules(_ALL - {"on"}, _DUCKDB, siblings=True, renames=True),
    "mysql": Rules(_SOME | {"below"}, _MYSQL, commas=False, twice=False, structs=False, rows=False, sorted_by=False),
    "bigquery": Rules(_SOME, _BIGQUERY, twice=False, named=True, sorted_by=False),
    "snowflake": Rules(_ALL, _SNOWFLAKE),
    "generic": Rules(_ALL, _POSTGRES | _DUCKDB | _MYSQL | _BIGQUERY | _SNOWFLAKE, siblings=True, renames=True,
                     named=True),
}
