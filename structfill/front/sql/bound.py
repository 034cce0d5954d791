"""A grammar of queries whose names are bound to the tables, for writing.

The names of a query come before the FROM that brings them into scope, so a context-free grammar can bind them only if
what comes first decides. Here it does: the first column of a SELECT list names its table (`singer.age`), that table is
then in FROM, and a second and third one enter with their first column in the list, or behind FROM in joins. Each such
scope has rules of its own, told apart by the leftmost column of an expression, which keeps the grammar LALR(1).

So what is written is a part of what is read: columns are written with their table, tables without aliases, at most
three joined, subqueries do not look outwards, one common table expression of one column, alone in its FROM. Every text
of it is a text of the dialect, its names are in scope, and columns and arguments are right in number; types and the
rules of GROUP BY are not looked at.
"""

from __future__ import annotations

import re
from itertools import combinations

from ...errors import TooLarge, UnsupportedFeature
from .catalogue import Catalogue, Column, Table
from .compose import WORD, any_case, complemented, keyword_terminal, keywords, name_terminal, reserved_words
from .dialects import Dialect

MOST_SCOPES = 120  # tables and joins of two; each costs some thirty rules
FEW_TABLES = 4  # so many may be joined in any pair; more only where they share the name of a column
MOST_TRIPLES = 12  # joins of three tables; where there are more, only two are joined

_COMMON = r"""
start: query
function: ABS | LENGTH | LOWER | UPPER
aggregate: SUM | AVG | MIN | MAX
sign: "+" | MINUS | "*" | "/" | "%"
comparison: "=" | "<" | ">" | "<=" | ">=" | "<>"
boolean: AND | OR
literal: NUMBER | STRING | NULL
literals: literal ("," literal)*
direction: ASC | DESC
limit: LIMIT INTEGER
alias: AS NAME
set_operator: UNION | UNION ALL | INTERSECT | EXCEPT
type: INTEGER_TYPE
subquery: "(" column_query ")"
free_item: COUNT "(" "*" ")" alias? | sum_free alias?
free_list: free_item | free_list "," free_item
column_query: single | SELECT free_item from_any?
query: single limit? | set_query limit? | many limit? | ordered limit?
     | SELECT free_list from_any? limit?
set_query: single set_operator single | set_query set_operator single
NUMBER: /(?:[0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_$.\x80-\U0010ffff])/
INTEGER: /[0-9]{1,6}(?![A-Za-z0-9_$.\x80-\U0010ffff])/
STRING: /'(?:[^'\\\x00-\x1f]|'')*'/
MINUS: /-(?!-)/
WS: / /
%ignore WS
"""

_EXPRESSIONS = """
sum_{s}: operand_{s} | sum_{s} sign operand_{s}
operand_{s}: {column}literal | function "(" sum_{s} ")" | ROUND "(" sum_{s} "," INTEGER ")" | "(" sum_{s} ")" | subquery
           | COALESCE "(" sum_{s} "," sum_{s} ")" | CASE WHEN condition_{s} THEN sum_{s} ELSE sum_{s} END
           | CAST "(" sum_{s} AS type ")"
condition_{s}: test_{s} | condition_{s} boolean test_{s}
test_{s}: sum_{s} comparison sum_{s} | sum_{s} IS NOT? NULL | sum_{s} NOT? LIKE STRING
        | sum_{s} NOT? IN "(" literals ")" | sum_{s} NOT? IN subquery
        | sum_{s} NOT? BETWEEN operand_{s} AND operand_{s}
        | NOT? EXISTS subquery | "(" condition_{s} ")"
"""

_SCOPE = """
aggregate_{s}: aggregate "(" DISTINCT? sum_{s} ")" | COUNT "(" DISTINCT? sum_{s} ")" | COUNT "(" "*" ")"
item_{s}: sum_{s} alias? | aggregate_{s} alias? | window_{s} alias?
window_{s}: window_name "(" ")" OVER "(" partition_{s}? ORDER BY key_{s} direction? ")"
partition_{s}: PARTITION BY key_{s}
where_{s}: WHERE condition_{s}
group_{s}: GROUP BY keys_{s} having_{s}?
keys_{s}: key_{s} | keys_{s} "," key_{s}
having_{s}: HAVING aggregate_{s} comparison literal
tail_{s}: where_{s}? group_{s}?
"""

_LEFTMOST = """
{name}: {column} | {name} sign operand_{s} | function "(" {name} ")" | COALESCE "(" {name} "," sum_{s} ")"
first_{name}: {name} alias? | aggregate "(" DISTINCT? {name} ")" alias? | COUNT "(" DISTINCT? {name} ")" alias?
"""

_ANCHOR = """
list_{t}: first_key_{t} "," item_{t} | free_list "," first_key_{t} | list_{t} "," item_{t}
single_{t}: SELECT DISTINCT? first_key_{t} source_{t}
ordered_{t}: SELECT first_key_{t} source_{t} order_{t} | SELECT list_{t} source_{t} order_{t}
"""

_JOIN = """
list_{s}: {entries} | list_{s} "," item_{s}
ordered_{s}: SELECT list_{s} source_{s} order_{s}
join_{s}: {joins}
"""

_WITH = """
%extend query: WITH path_{t} "(" name_{t} ")" AS "(" column_query ")" with_query limit?
with_query: single_{t} | many_{t} | ordered_{t}
"""

_SOURCE = """
many_{s}: SELECT DISTINCT? list_{s} source_{s}
order_{s}: ORDER BY order_key_{s} ("," order_key_{s})*
order_key_{s}: key_{s} direction?
source_{s}: {sources}
"""


def bound_grammar(catalogue: Catalogue, dialect: Dialect) -> str:
    """The text of a Lark grammar (LALR, contextual lexer, start rule `start`).

    Raises `TooLarge` for more than 120 scopes, `UnsupportedFeature` for tables that only a schema tells apart.
    """
    return complemented(_Binder(catalogue, dialect).text())


Scope = tuple[int, ...]  # numbers of tables, in order


def _suffix(scope: Scope) -> str:
    """What ends the names of a scope's rules."""
    return "_".join(map(str, scope))


class _Binder:
    """Writes the rules of one catalogue."""

    def __init__(self, catalogue: Catalogue, dialect: Dialect) -> None:
        self.dialect = dialect
        self.tables = [table for table in catalogue.tables if table.columns]
        self.words: dict[str, str] = {}  # pattern of a name -> its terminal
        self.joins = self._joins()
        self.scopes = [*((number,) for number in range(len(self.tables))), *self.joins]
        self._check_distinct()
        self.fixed = _fixed_part(dialect)
        parts = _EXPRESSIONS + _SCOPE + _ANCHOR + _JOIN + _SOURCE + _LEFTMOST + _WITH
        self.taken = keywords(self.fixed + parts) | {"COUNT", "INNER", "CROSS"}

    def text(self) -> str:
        """All rules and terminals."""
        rules = [self.fixed, _EXPRESSIONS.format(s="free", column=""), *self._choices()]
        for number, table in enumerate(self.tables):
            rules += self._table(number, table)
        for scope in self.joins:
            rules += self._join(scope)
        for scope in self.scopes:
            rules += self._scope(scope, [wider for wider in self.scopes if set(scope) <= set(wider)])
        if self.tables:
            rules += self._with(len(self.tables))
        body = "\n".join(rules)
        words = [f"{name}.3: /{pattern}/" for pattern, name in self.words.items()]
        names = name_terminal(reserved_words(self.dialect.name) | keywords(body) - set(self.words.values()))
        known = [keyword_terminal(word) for word in sorted(keywords(body) - set(self.words.values()))]
        return "\n".join([body, *words, *known, names]) + "\n"

    def _choices(self) -> list[str]:
        """The rules that choose among all scopes; without tables, queries without FROM."""
        if not self.tables:
            return ["single: SELECT DISTINCT free_item", "many: SELECT DISTINCT free_item \",\" free_list",
                    "ordered: SELECT free_item ORDER BY ABS \"(\" NUMBER \")\"", "from_any: WHERE condition_free"]
        chosen = {rule: " | ".join(f"{rule}_{_suffix(scope)}" for scope in self.scopes) for rule in ("many", "ordered")}
        return [*(f"{rule}: {body}" for rule, body in chosen.items()),
                f"single: {' | '.join(f'single_{t}' for t in range(len(self.tables)))}",
                f"from_any: {' | '.join(map(self._from, self.scopes))}",
                '%extend query: SELECT "*" from_any limit?',
                "window_name: ROW_NUMBER | RANK | DENSE_RANK", "join: JOIN | INNER JOIN | LEFT JOIN"]

    def _with(self, number: int) -> list[str]:
        """A common table expression, as a table that only its own query knows."""
        taken = {self.dialect.table_key(table.name) for table in self.tables}
        name = next(n for n in map("cte{}".format, ["", *range(1, len(taken) + 1)]) if n not in taken)
        return [*self._table(number, Table(name, (Column("x"),))), *self._scope((number,), [(number,)]),
                _WITH.format(t=number)]

    def _scope(self, scope: Scope, sources: list[Scope]) -> list[str]:
        """What the columns of some tables are made into, and what a query of them may have behind its list."""
        s = _suffix(scope)
        return [_EXPRESSIONS.format(s=s, column=f"column_{s} | "),
                _LEFTMOST.format(name=f"key_{s}", column=f"column_{s}", s=s), _SCOPE.format(s=s),
                _SOURCE.format(s=s, sources=" | ".join(map(self._from, sources)))]

    def _from(self, scope: Scope) -> str:
        return f"FROM {'path' if len(scope) == 1 else 'join'}_{_suffix(scope)} tail_{_suffix(scope)}"

    def _table(self, number: int, table: Table) -> list[str]:
        t = str(number)
        columns = " | ".join(self._name(c.name, self.dialect.fold_columns) for c in table.columns)
        schema = f'{self._name(table.schema, self.dialect.fold_tables)} "." ' if table.schema else ""
        return [f"table_{t}: {self._name(table.name, self.dialect.fold_tables)}", f"path_{t}: {schema}table_{t}",
                f'column_{t}: table_{t} "." name_{t}', f"name_{t}: {columns}",
                _ANCHOR.format(t=t)]

    def _join(self, scope: Scope) -> list[str]:
        """Tables in one scope: how each comes to the others, in a list by its first column and behind FROM."""
        s, entries, joins = _suffix(scope), [], []
        rules = [f"column_{s}: {' | '.join(f'column_{t}' for t in scope)}"]
        for last in scope:
            others = tuple(t for t in scope if t != last)
            if others not in self.scopes:
                continue
            before, entry = _suffix(others), f"entry_{last}_{s}"
            rules += [_LEFTMOST.format(name=entry, column=f"column_{last}", s=s)]
            entries += [f'list_{before} "," first_{entry}']
            if len(others) == 1:
                entries += [f'first_key_{before} "," first_{entry}']
            start = f"{'path' if len(others) == 1 else 'join'}_{before}"
            joins += [f"{start} join path_{last} ON on_{last}_{s}", f"{start} CROSS JOIN path_{last}"]
            rules += [f'on_{last}_{s}: column_{last} "=" column_{before} | column_{before} "=" column_{last}']
        return [*rules, _JOIN.format(s=s, entries=" | ".join(entries), joins=" | ".join(joins))]

    def _joins(self) -> list[Scope]:
        """The tables that may be joined: pairs, and threes of which two at least are pairs."""
        numbers = range(len(self.tables))
        pairs = list(combinations(numbers, 2))
        if len(self.tables) > FEW_TABLES:
            keys = [{self.dialect.column_key(c.name) for c in table.columns} for table in self.tables]
            pairs = [(a, b) for a, b in pairs if keys[a] & keys[b]]
        if len(self.tables) + len(pairs) > MOST_SCOPES:
            raise TooLarge("tables and joins of a grammar for writing", len(self.tables) + len(pairs), MOST_SCOPES)
        known = set(pairs)
        triples = [three for three in combinations(numbers, 3) if len(known & set(combinations(three, 2))) >= 2]
        return [*pairs, *(triples if len(triples) <= MOST_TRIPLES else [])]

    def _name(self, name: str, fold: str) -> str:
        """The terminal of a name, which other names of the same spellings share."""
        pattern = self._pattern(name, fold)
        return self.words.setdefault(pattern, f"WORD_{_letters(len(self.words))}")

    def _pattern(self, name: str, fold: str) -> str:
        plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and (fold != "lower" or name == name.lower())
        if not plain or name.upper() in self.taken | reserved_words(self.dialect.name) | _ALWAYS_QUOTED:
            return _escaped(self.dialect.quoted(name))
        spelled = any_case(name) if fold in ("any", "lower") else _escaped(name)
        return f"{spelled}(?![{WORD}])"

    def _check_distinct(self) -> None:
        seen: dict[str, Table] = {}
        for table in self.tables:
            key = self.dialect.table_key(table.name)
            if key in seen:
                raise UnsupportedFeature("tables that only a schema tells apart",
                                         f"{seen[key].path!r} and {table.path!r} cannot both be written",
                                         hint="leave one of them out of `tables`")
            seen[key] = table


# Words that some version of a dialect reserves, or reads as more than a name where names stand.
_ALWAYS_QUOTED = frozenset("KEY OFFSET ROW ROWS USER INDEXED WINDOW MATCH DATE TIME TIMESTAMP INTERVAL VALUE TYPE LEFT "
                           "RIGHT FULL NATURAL OUTER RANK LATERAL ROWID OID _ROWID_ TRUE FALSE DEFAULT".split())
_TYPES = {"mysql": "SIGNED | DECIMAL | CHAR"}


def _fixed_part(dialect: Dialect) -> str:
    """The rules that know no table."""
    return _COMMON.replace("INTEGER_TYPE", _TYPES.get(dialect.name, "TEXT | INTEGER_WORD | NUMERIC")) + (
        "" if dialect.name == "mysql" else f"INTEGER_WORD.2: /{any_case('INTEGER')}(?![{WORD}])/\n")


def _letters(number: int) -> str:
    """A number in letters, as names of terminals hold no digits by the composer's rule."""
    return "".join(chr(ord("A") + int(digit)) for digit in str(number))


def _escaped(text: str) -> str:
    """The text as a pattern between slashes. Lark turns hexadecimal escapes into characters before `re` sees them, so
    signs are escaped by a backslash."""
    return "".join(map(_escaped_char, text))


def _escaped_char(char: str) -> str:
    if char.isalnum() or not char.isascii() or char in "_\"'` ":
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 32 or ord(char) == 127 else f"\\{char}"
