"""The rules of one view of the tables: expressions over its columns, SELECT lists, and what follows FROM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .compose import keywords

COMMON = r"""
start: query ";"?
function: ABS | LENGTH | LOWER | UPPER
aggregate: SUM | AVG | MIN | MAX
sign: "+" | MINUS | "*" | "/" | "%"
comparison: "=" | "<" | ">" | "<=" | ">=" | "<>" | "!="
boolean: AND | OR
literal: NUMBER | MINUS NUMBER | STRING | NULL
literals: literal ("," literal)*
direction: ASC | DESC
limit: LIMIT INTEGER | LIMIT INTEGER OFFSET INTEGER
alias: AS NAME
set_operator: UNION | UNION ALL | INTERSECT | EXCEPT
type: TEXT | INTEGER_WORD | NUMERIC
subquery: "(" column_query ")"
scalar: "(" column_query ")" | "(" top limit? ")"
free_item: COUNT "(" "*" ")" alias? | sum_free alias?
free_list: free_item | free_list "," free_item
column_query: single | SELECT free_item from_any?
query: single limit? | set_query limit? | many limit? | top limit? | ordered limit?
     | SELECT free_list from_any? limit?
set_query: single set_operator single | set_query set_operator single
NUMBER: /(?:[0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_$.\x80-\U0010ffff])/
INTEGER: /[0-9]{1,6}(?![A-Za-z0-9_$.\x80-\U0010ffff])/
STRING: /'(?:[^'\\\x00-\x1f]|'')*'/
MINUS: /-(?!-)/
WS: /[ \t\r\n]+/
%ignore WS
"""

EXPRESSIONS = """
sum_{s}: operand_{s} | sum_{s} sign operand_{s}
operand_{s}: {column}literal | function "(" sum_{s} ")" | ROUND "(" sum_{s} "," INTEGER ")" | "(" sum_{s} ")" | scalar
           | COALESCE "(" sum_{s} "," sum_{s} ")" | CASE when_{s} END | CASE when_{s} ELSE sum_{s} END
           | CAST "(" sum_{s} AS type ")"
when_{s}: WHEN condition_{s} THEN sum_{s} | when_{s} WHEN condition_{s} THEN sum_{s}
condition_{s}: test_{s} | condition_{s} boolean test_{s}
test_{s}: sum_{s} comparison sum_{s} | sum_{s} IS NOT? NULL | sum_{s} NOT? LIKE STRING
        | sum_{s} NOT? IN "(" literals ")" | sum_{s} NOT? IN subquery
        | sum_{s} NOT? BETWEEN operand_{s} AND operand_{s}
        | NOT? EXISTS subquery | NOT? "(" condition_{s} ")"
"""

_SCOPE = """
aggregate_{s}: aggregate "(" DISTINCT? sum_{s} ")" | COUNT "(" DISTINCT? sum_{s} ")" | COUNT "(" "*" ")"
item_{s}: sum_{s} alias? | aggregate_{s} alias? | window_{s} alias?
window_{s}: window_name "(" ")" OVER "(" partition_{s}? ORDER BY key_{s} direction? ")"
partition_{s}: PARTITION BY key_{s}
where_{s}: WHERE condition_{s}
group_{s}: GROUP BY keys_{s} having_{s}?
keys_{s}: key_{s} | keys_{s} "," key_{s}
having_{s}: HAVING aggregate_{s} comparison literal | HAVING aggregate_{s} BETWEEN literal AND literal
tail_{s}: where_{s}? group_{s}?
order_{s}: ORDER BY order_key_{s} ("," order_key_{s})*
order_key_{s}: key_{s} direction?
ranked_{s}: ORDER BY ranked_key_{s} ("," ranked_key_{s})*
ranked_key_{s}: key_{s} direction? | aggregate_{s} direction?
"""

_LEFTMOST = """
{name}: {column} | {name} sign operand_{s} | function "(" {name} ")" | COALESCE "(" {name} "," sum_{s} ")"
"""

_FIRST = """
first_{name}: {name} alias? | aggregate "(" DISTINCT? {name} ")" alias? | COUNT "(" DISTINCT? {name} ")" alias?
"""

_LEADING = """
single_{s}: SELECT DISTINCT? {first} source_{s}
top_{s}: SELECT {first} sorted_{s}
"""

_LISTED = """
list_{s}: {lists} | list_{s} "," {item}
many_{s}: SELECT DISTINCT? list_{s} source_{s}
ordered_{s}: SELECT list_{s} sorted_{s}
source_{s}: {sources}
sorted_{s}: {sorted}
"""

WITH = """
%extend query: WITH path_{t} "(" name_{t} ")" AS "(" column_query ")" with_query limit?
"""


class Source(NamedTuple):
    """What may stand in FROM: the rule of its tables, and the view that columns behind it have."""

    tables: str
    view: str

    @property
    def plain(self) -> str:
        """It and what follows, without an order."""
        return f"FROM {self.tables} tail_{self.view}"

    @property
    def sorted(self) -> str:
        """The same with an order; that of groups may go by aggregates."""
        begun = f"FROM {self.tables} where_{self.view}?"
        return f"{begun} order_{self.view} | {begun} group_{self.view} ranked_{self.view}"


@dataclass
class Listing:
    """SELECT lists that have brought the same tables into scope.

    Attributes:
        name: what ends the names of its rules.
        sources: what its FROM may hold, each with the view of what follows.
        first: the rule of items that it may begin with; "" if it only comes from other lists.
        item: the rule of items that leave it what it is.
        entries: other lists that become one of it, by their next item.
    """

    name: str
    sources: list[Source]
    first: str = ""
    item: str = "free_item"
    entries: list[str] = field(default_factory=list)

    @property
    def is_written(self) -> bool:
        """Are there such lists? Other tables only stand behind FROM."""
        return bool(self.first or self.entries)

    def rules(self) -> Iterable[str]:
        """All of its rules."""
        lists = [*self.entries]
        if self.first:
            lists += [f'{self.first} "," {self.item}', f'free_list "," {self.first}']
            yield _LEADING.format(s=self.name, first=self.first)
        if lists:
            yield _LISTED.format(s=self.name, item=self.item, lists=" | ".join(lists),
                                 sources=" | ".join(one.plain for one in self.sources),
                                 sorted=" | ".join(one.sorted for one in self.sources))

    def becomes(self, other: Listing, item: str) -> None:
        """With such an item as its next one it is one of `other`."""
        other.entries += [f'list_{self.name} "," {item}'] if self.is_written else []
        other.entries += [f'{self.first} "," {item}'] if self.first else []


class View(Listing):
    """Some tables, and how they are seen in lists and behind FROM: with expressions of their columns.

    `columns` is the rule of these columns, `leading` that of those that a list may begin with, "" if none may.
    """

    def __init__(self, name: str, sources: list[Source], columns: str, leading: str = "") -> None:
        self.columns, self.leading = columns, leading
        self.lead = f"key_{name}" if leading == columns else f"lead_{name}"  # expressions that a list may begin with
        super().__init__(name, sources, f"first_{self.lead}" if leading else "", f"item_{name}")

    def rules(self) -> Iterable[str]:
        """All of its rules."""
        s = self.name
        yield EXPRESSIONS.format(s=s, column=f"{self.columns} | ")
        yield _LEFTMOST.format(name=f"key_{s}", column=self.columns, s=s) + _SCOPE.format(s=s)
        if self.leading and self.leading != self.columns:
            yield _LEFTMOST.format(name=self.lead, column=self.leading, s=s)
        if self.leading:
            yield _FIRST.format(name=self.lead)
        yield from super().rules()

    def leads_to(self, other: View, columns: str, entry: str) -> str:
        """The rules by which a list of this view becomes one of `other`: its next item begins with one of `columns`."""
        self.becomes(other, f"first_{entry}")
        return first_items(entry, columns, other.name)


def first_items(name: str, columns: str, s: str) -> str:
    """The rules of items, `first_{name}`, that begin with one of `columns` and go on with those of view `s`."""
    return _LEFTMOST.format(name=name, column=columns, s=s) + _FIRST.format(name=name)


def keywords_of_views() -> frozenset[str]:
    """The words that the rules use."""
    return keywords(COMMON + EXPRESSIONS + _SCOPE + _FIRST + _LEFTMOST + _LEADING + _LISTED + WITH)
