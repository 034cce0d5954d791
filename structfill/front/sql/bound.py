"""A grammar of queries whose names are bound to the tables, for writing.

The names of a query come before the FROM that brings them into scope, so a context-free grammar can bind them only if
what comes first decides. Here it does, by the first column of a SELECT list. `singer.age` names its table, which is
then in FROM; a second and third one enter with their first column in the list, or behind FROM in joins. `s.age` does
the same for tables under their aliases (the initials of their names). A bare `age` leads to the tables that have such
a column: the list goes on with columns that all of these have, or with one that only some have, which leaves only
those. Each such view of the tables has rules of its own, told apart by the leftmost column of an expression, which
keeps the grammar LALR(1). Tables called T1, T2 and T3 are in `numbered.py`.

So what is written is a part of what is read: lists over joins name the table or alias of each column, at most three
tables joined, subqueries do not look outwards, one common table expression of one column, alone in its FROM. Every text
of it is a text of the dialect, its names are in scope, and columns and arguments are right in number; types and the
rules of GROUP BY are not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from ...errors import TooLarge, UnsupportedFeature
from .catalogue import Catalogue, Column, Table
from .compose import WORD, WRITTEN, any_case, complemented, keyword_terminal, keywords, name_terminal, unwritten_words
from .dialects import WORDS, Dialect
from .given import Spellings
from .numbered import NAMES, Numbered
from .views import COMMON, EXPRESSIONS, WITH, Listing, Source, View, keywords_of_views
from .words import Words

MOST_VIEWS = 120  # each costs some thirty rules: tables first, then joins of two, then bare columns
MOST_WITH_ALIASES = 48  # views of grammars in which tables may also have aliases, which nearly doubles them
MOST_NUMBERED = 40  # orders of tables called T1, T2 and T3; and as many lists that leave several of these open
FEW_TABLES = 4  # so many may be joined in any pair; more only where names of columns say so
MOST_TRIPLES = 12  # joins of three tables; where there are more, only two are joined


def bound_grammar(catalogue: Catalogue, dialect: Dialect) -> str:
    """The text of a Lark grammar (LALR, contextual lexer, start rule `start`).

    Raises `TooLarge` for more than 120 tables, `UnsupportedFeature` for tables that only a schema tells apart.
    """
    return complemented(_Binder(catalogue, dialect).text())


def spellings(catalogue: Catalogue, dialect: Dialect) -> Spellings:
    """How the grammar spells the names of the tables."""
    words = _Binder(catalogue, dialect).words
    named = [name for table in catalogue.tables for name in (table.schema, table.name) if name]
    columns = [column.name for table in catalogue.tables for column in table.columns]
    return Spellings({dialect.table_key(name): words.spelled(name, dialect.fold_tables) for name in named},
                     {dialect.column_key(name): words.spelled(name, dialect.fold_columns) for name in columns})


# Numbers of tables, in order: of n tables, 0 to n - 1 are these, n to 2 n - 1 the same under aliases, 2 n is a common
# table expression.
Scope = tuple[int, ...]


class _Binder:
    """Writes the rules of one catalogue."""

    def __init__(self, catalogue: Catalogue, dialect: Dialect) -> None:
        self.dialect = dialect
        self.tables = [table for table in catalogue.tables if table.columns]
        self.rules: list[str] = []
        self.views: list[Listing] = []
        self.joins = self._joins()
        self.bare = 2 * len(self.tables) + len(self.joins) <= MOST_VIEWS
        self._check_distinct()
        self.fixed = _fixed_part(dialect)
        self.common = self._common_table()
        taken = keywords(self.fixed) | keywords_of_views() | {"INNER", "CROSS", "JOIN", "ON"}
        self.words = Words(dialect, [*self.tables, self.common], taken)

    def text(self) -> str:
        """All rules and terminals."""
        numbers, count = range(len(self.tables)), len(self.tables) + len(self.joins)
        for number, table in enumerate(self.tables):
            self._table(number, table)
        sources = self._views([(number,) for number in numbers], self.joins)
        if self.bare:
            self._bare(MOST_VIEWS - count - len(self.tables))
        aliases = self._aliases() if len(self.views) + count <= MOST_WITH_ALIASES else []
        if aliases:
            joins = [tuple(aliases[number] for number in scope) for scope in self.joins]
            sources += self._views([(number,) for number in aliases], joins)
        self._choices([*sources, *self._numbered()])
        if self.tables and self.dialect.name != "bigquery":  # there it names no columns in front
            self._with()
        body = "\n".join([self.fixed, EXPRESSIONS.format(s="free", column=""), *self.rules])
        known = keywords(body) - self.words.terminals
        names = name_terminal(unwritten_words(self.dialect.name) | self._plain_words() | known)
        return "\n".join([body, *self.words.lines(), *map(keyword_terminal, sorted(known)), names]) + "\n"

    def _plain_words(self) -> set[str]:
        """Names of columns, which no result may have: in GROUP BY they would mean the one or the other."""
        names = {column.name for table in self.tables for column in table.columns}
        return {name.upper() for name in names if WORDS.fullmatch(name)}

    def _choices(self, sources: list[Source]) -> None:
        """The rules that choose among all views; without tables, queries without FROM."""
        if not self.tables:
            self.rules += ["single: SELECT DISTINCT free_item", "many: SELECT DISTINCT free_item \",\" free_list",
                           "top: SELECT free_item ORDER BY ABS \"(\" NUMBER \")\"",
                           "ordered: SELECT DISTINCT free_item \",\" free_list ORDER BY ABS \"(\" NUMBER \")\"",
                           "from_any: WHERE condition_free"]
            return
        self._choose(self.views, "")
        self.rules += [f"from_any: {' | '.join(source.plain for source in sources)}",
                       f"from_sorted: {' | '.join(source.sorted for source in sources)}",
                       '%extend query: SELECT "*" from_any limit? | SELECT "*" from_sorted limit?',
                       "window_name: ROW_NUMBER | RANK | DENSE_RANK", "join: JOIN | INNER JOIN | LEFT JOIN"]

    def _choose(self, views: Sequence[Listing], prefix: str) -> None:
        """Rules whose alternatives are the queries of all views; views that only stand behind FROM have none."""
        leading, listed = ([view.name for view in views if view.first],
                           [view.name for view in views if view.is_written])
        for rule, names in (("single", leading), ("top", leading), ("many", listed), ("ordered", listed)):
            self.rules.append(f"{prefix}{rule}: {' | '.join(f'{rule}_{name}' for name in names)}")
        for view in views:
            self.rules += view.rules()

    def _common_table(self) -> Table:
        """A common table expression, as a table that only its own query knows."""
        taken = {self.dialect.table_key(table.name) for table in self.tables}
        names = map("cte{}".format, ["", *range(1, len(taken) + 1)])
        return Table(next(name for name in names if self.dialect.table_key(name) not in taken), (Column("x"),))

    def _with(self) -> None:
        """Queries that begin with a common table expression."""
        number = 2 * len(self.tables)
        self._table(number, self.common)
        views = [View(str(number), [self._from((number,))], f"column_{number}", f"column_{number}"),
                 View(f"b{number}", [self._from((number,))], f"bare_{number}", f"name_{number}")]
        self.rules += [f"bare_{number}: name_{number} | column_{number}", WITH.format(t=number),
                       "with_query: with_single | with_top | with_many | with_ordered"]
        self._choose(views, "with_")

    def _from(self, scope: Scope) -> Source:
        """Some tables in FROM: behind one of them, columns may be bare."""
        s, count = _suffix(scope), len(self.tables)
        bare = len(scope) == 1 and (self.bare and scope[0] < count or scope[0] == 2 * count)
        return Source(_tables(scope), f"b{s}" if bare else s)

    def _views(self, singles: list[Scope], joins: list[Scope]) -> list[Source]:
        """Tables, alone and joined, whose columns are written with the table. Returns what may stand in FROM."""
        views = dict[Scope, View]()
        for scope in [*singles, *joins]:
            name = _suffix(scope)
            sources = [self._from(wider) for wider in [*singles, *joins] if set(scope) <= set(wider)]
            leading = f"column_{name}" if len(scope) == 1 else ""
            views[scope] = View(name, sources, f"column_{name}", leading)
            if len(scope) > 1:
                self._join(scope, views)
        self.views += views.values()
        return [self._from(scope) for scope in views]

    def _table(self, number: int, table: Table, alias: str = "") -> None:
        columns = " | ".join(dict.fromkeys(self.words.column(column.name) for column in table.columns))
        path = self.words.path(table)
        self.rules += [f"path_{number}: {path} AS? table_{number}" if alias else f"path_{number}: {path}",
                       f"table_{number}: {self.words.table(alias or table.name)}",
                       f'column_{number}: table_{number} "." name_{number}', f"name_{number}: {columns}"]

    def _aliases(self) -> list[int]:
        """The tables once more, under the initials of their names: their numbers."""
        taken = self._names() | {name.lower() for name in NAMES}
        for number, table in enumerate(self.tables):
            initials = "".join(re.findall(r"(?:^|[^A-Za-z]|(?<=[a-z])(?=[A-Z]))([A-Za-z])", table.name)).lower() or "t"
            alias = next(a for a in map(f"{initials}{{}}".format, ["", *range(2, len(taken) + len(self.tables) + 3)])
                         if a not in taken and a.upper() not in self.words.quoted)
            taken.add(alias)
            self._table(len(self.tables) + number, table, alias)
        return list(range(len(self.tables), 2 * len(self.tables)))

    def _names(self) -> set[str]:
        """Those of schemas, tables and columns, in lower case."""
        return {name.lower() for table in self.tables
                for name in (table.schema, table.name, *(column.name for column in table.columns))}

    def _numbered(self) -> list[Source]:
        """The tables under T1, T2 and T3, where nothing else is called so."""
        if self._names() & {name.lower() for name in NAMES}:
            return []
        of_itself = [(a, b) for a, b in sorted(self._references()) if a == b]
        numbered = Numbered(self.tables, [*self.joins, *of_itself], self.words, MOST_NUMBERED)
        self.rules += numbered.rules
        self.views += numbered.lists
        return numbered.sources

    def _bare(self, most: int) -> None:
        """Columns without their table: what tables have them in common, by the names of columns, decides.

        At most `most` views of several tables.
        """
        owners = self.words.owners(self.tables)
        shared = sorted({tuple(tables) for tables in owners.values() if len(tables) > 1})[:most]
        views = dict[Scope, View]()
        for scope in [*((number,) for number in range(len(self.tables))), *shared]:
            name = f"b{scope[0]}" if len(scope) == 1 else f"s{shared.index(scope)}"
            leading = [word for word, tables in owners.items() if tuple(tables) == scope]
            common = [word for word, tables in owners.items() if set(scope) <= set(tables)]
            more = f" | column_{scope[0]}" if len(scope) == 1 else ""
            columns = f"bare_{scope[0]}" if more else f"bare_{name}"
            views[scope] = View(name, [self._from((n,)) for n in scope], columns, f"only_{name}" if leading else "")
            self.rules += [f"{views[scope].columns}: {' | '.join(common)}{more}"]
            self.rules += [f"only_{name}: {' | '.join(leading)}"] if leading else []
        for scope in sorted(shared, key=len, reverse=True):
            narrower = dict[Scope, list[str]]()
            for word, tables in owners.items():
                left = tuple(number for number in scope if number in tables)
                if left in views and left != scope:
                    narrower.setdefault(left, []).append(word)
            for left, words in narrower.items():
                entry = f"entry_{views[scope].name}_{views[left].name}"
                self.rules.append(views[scope].leads_to(views[left], f"{entry}_name", entry))
                self.rules.append(f"{entry}_name: {' | '.join(words)}")
        self.views += views.values()

    def _join(self, scope: Scope, views: dict[Scope, View]) -> None:
        """Tables in one scope: how each comes to the others, in a list by its first column and behind FROM."""
        s, joins = _suffix(scope), []
        self.rules.append(f"column_{s}: {' | '.join(f'column_{t}' for t in scope)}")
        for last in scope:
            others = tuple(t for t in scope if t != last)
            if others not in views:
                continue
            before = _suffix(others)
            self.rules.append(views[others].leads_to(views[scope], f"column_{last}", f"entry_{last}_{s}"))
            joins += [f"{_tables(others)} join path_{last} ON on_{last}_{s}",
                      f"{_tables(others)} CROSS JOIN path_{last}"]
            self.rules.append(f'on_{last}_{s}: column_{last} "=" column_{before} | column_{before} "=" column_{last}')
        self.rules.append(f"join_{s}: {' | '.join(joins)}")

    def _joins(self) -> list[Scope]:
        """The tables that may be joined: pairs, and threes of which two at least are pairs."""
        numbers = range(len(self.tables))
        if len(self.tables) > MOST_VIEWS:
            raise TooLarge("tables of a grammar for writing", len(self.tables), MOST_VIEWS)
        pairs: list[Scope] = [*combinations(numbers, 2)] if len(self.tables) <= FEW_TABLES else self._related()
        known = set(pairs)
        triples = [three for three in combinations(numbers, 3) if len(known & set(combinations(three, 2))) >= 2]
        return [*pairs, *(triples if len(triples) <= MOST_TRIPLES else [])]

    def _related(self) -> list[Scope]:
        """The pairs of tables that belong together, the closest first: one refers to the other, has a column called
        after it, or shares one with it, the closer the fewer have it. Where that is too many, what most tables have,
        such as `id`, joins none."""
        keys = [{self.dialect.column_key(c.name) for c in table.columns} for table in self.tables]
        owners = Counter(key for found in keys for key in found)
        stems = [_stem(table.name) for table in self.tables]
        called = [{n for n, stem in enumerate(stems) if any(_letters_of(key).startswith(stem) for key in found)}
                  for found in keys]
        known = self._references()
        ranks = dict[int, list[Scope]]()
        for a, b in combinations(range(len(keys)), 2):
            near = [0] * ((a, b) in known) + [2] * (b in called[a] or a in called[b])
            near += [owners[key] for key in keys[a] & keys[b]]
            if near:
                ranks.setdefault(min(near), []).append((a, b))
        most, pairs = MOST_VIEWS - len(self.tables), ranks.pop(0, [])
        for rank in sorted(ranks):
            if len(pairs) + len(ranks[rank]) > most:
                break
            pairs += ranks[rank]
        return pairs[:most]

    def _references(self) -> set[Scope]:
        """The pairs of tables of which one has a foreign key of the other; a table may refer to itself."""
        numbers = {self.dialect.table_key(table.name): number for number, table in enumerate(self.tables)}
        named = [[numbers.get(self.dialect.table_key(name)) for name in table.references] for table in self.tables]
        return {(min(a, b), max(a, b)) for a, found in enumerate(named) for b in found if b is not None}

    def _check_distinct(self) -> None:
        seen: dict[str, Table] = {}
        for table in self.tables:
            key = self.dialect.table_key(table.name)
            if key in seen:
                raise UnsupportedFeature("tables that only a schema tells apart",
                                         f"{seen[key].path!r} and {table.path!r} cannot both be written",
                                         hint="leave one of them out of `tables`")
            seen[key] = table


# What other dialects write in place of the common rules.
_OVERRIDES = {
    "mysql": "%override type: SIGNED | DECIMAL | CHAR\n",
    "bigquery": r"""%override type: INTEGER_WORD | NUMERIC | BIGNUMERIC
%override sign: "+" | MINUS | "*" | "/"
%override set_operator: UNION ALL | UNION DISTINCT | INTERSECT DISTINCT | EXCEPT DISTINCT
""",
}


def _fixed_part(dialect: Dialect) -> str:
    """The rules that know no table."""
    return (f"{COMMON}INTEGER_WORD.2: /{any_case('INTEGER')}(?![{WORD}])/\n{_OVERRIDES.get(dialect.name, '')}"
            f"{WRITTEN.get(dialect.name, '')}")


def _stem(table: str) -> str:
    """What columns begin with that refer to a table: `country` for Countries. Too short names are not looked for."""
    name = _letters_of(table)
    stem = f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
    return stem if len(stem) >= 3 else "\0"


def _letters_of(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _suffix(scope: Scope) -> str:
    """What ends the names of a scope's rules."""
    return "_".join(map(str, scope))


def _tables(scope: Scope) -> str:
    """The rule of some tables as they stand behind FROM."""
    return f"{'path' if len(scope) == 1 else 'join'}_{_suffix(scope)}"
