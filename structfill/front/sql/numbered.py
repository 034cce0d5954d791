"""Tables that are called T1, T2 and T3 by their places behind FROM.

Public collections of queries name them so, and models trained on these write them so. Behind SELECT such a name does
not say which table it is: `T1.id` leaves all joins open whose first table has such a column. So a list is told by the
joins that its columns have left open, and FROM takes one of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

from .catalogue import Table
from .views import Listing, Source, View, first_items
from .words import Words

NAMES = ("T1", "T2", "T3")
Scope = tuple[int, ...]  # numbers of tables, in their order behind FROM


class Group(NamedTuple):
    """The columns, under the name of a place, that the same tables have: items that begin with one are a rule."""

    place: int
    owners: tuple[int, ...]

    @property
    def name(self) -> str:
        """What ends the names of its rules."""
        return "_".join(map(str, ["of", self.place, *self.owners]))

    @property
    def item(self) -> str:
        """The rule of items that begin with such a column."""
        return f"first_key_{self.name}"

    def of(self, scopes: Iterable[Scope]) -> frozenset[Scope]:
        """The scopes that have such columns."""
        return frozenset(scope for scope in scopes if len(scope) > self.place and scope[self.place] in self.owners)


class Numbered:
    """The lists of such queries, and what may stand in FROM.

    Attributes:
        sources: every order of the tables, at most `most`; with that many there are no lists.
        lists: those of each order, and of what columns leave open; at most `most` as well, so some columns may not be
            able to follow others.
        rules: those that no list writes.
    """

    def __init__(self, tables: Sequence[Table], joins: Sequence[Scope], words: Words, most: int) -> None:
        self.tables, self.words = tables, words
        self.scopes = next((scopes for scopes in _choices(len(tables), joins, most) if len(scopes) <= most), [])
        self.sources = [Source(f"from_{_suffix(scope)}", _suffix(scope)) for scope in self.scopes]
        self.owners = words.owners(tables)
        self.groups = dict[Group, list[str]]()
        for word, numbers in self.owners.items():
            for place in range(max(map(len, self.scopes), default=0)):
                self.groups.setdefault(Group(place, tuple(numbers)), []).append(word)
        self.rules = [*self._called(), *(rule for scope in self.scopes for rule in self._joined(scope)),
                      *(rule for group in self.groups for rule in self._group(group))]
        self.lists = self._lists(most)

    def _name(self, place: int) -> str:
        """Its terminal."""
        name = NAMES[place]
        return self.words.table(name.lower() if self.words.dialect.fold_tables == "lower" else name)

    def _called(self) -> Iterator[str]:
        """The tables at their places, and their columns there."""
        for place, number in sorted({at for scope in self.scopes for at in enumerate(scope)}):
            name = self._name(place)
            yield f"called_{place}_{number}: {self.words.path(self.tables[number])} AS? {name}"
            yield f'column_{place}_of_{number}: {name} "." name_{number}'

    def _joined(self, scope: Scope) -> Iterator[str]:
        """How the last table of a scope comes to those before it, and the columns of all: under their table's name in
        the condition of a join, elsewhere also without it, where only one of the tables has such a column."""
        s, before, place, last = _suffix(scope), _suffix(scope[:-1]), len(scope) - 1, scope[-1]
        called, column = f"called_{place}_{last}", f"column_{place}_of_{last}"
        if len(scope) == 1:
            yield from (f"from_{s}: {called}", f"column_{s}: {column}", f"seen_{s}: column_{s} | name_{last}")
            return
        yield f"from_{s}: from_{before} join {called} ON on_{s} | from_{before} CROSS JOIN {called}"
        yield f'on_{s}: {column} "=" column_{before} | column_{before} "=" {column}'
        yield f"column_{s}: column_{before} | {column}"
        bare = [word for word, owners in self.owners.items() if sum(table in owners for table in scope) == 1]
        yield f"seen_{s}: {' | '.join([f'column_{s}', *bare])}"

    def _group(self, group: Group) -> Iterator[str]:
        yield f'column_{group.name}: {self._name(group.place)} "." name_{group.name}'
        yield f"name_{group.name}: {' | '.join(self.groups[group])}"
        yield first_items(f"key_{group.name}", f"column_{group.name}", "free")

    def _lists(self, most: int) -> list[Listing]:
        every, sources = frozenset(self.scopes), dict(zip(self.scopes, self.sources, strict=True))
        lists: dict[frozenset[Scope], Listing] = {
            frozenset([scope]): View(source.view, [source], f"seen_{source.view}") for scope, source in sources.items()}
        queue = [every]
        for scopes in queue:
            for left in dict.fromkeys(group.of(scopes) for group in self.groups):
                if left and left not in lists and len(lists) < len(self.scopes) + most:
                    lists[left] = Listing(f"open_{len(lists)}", [sources[scope] for scope in sorted(left)])
                    queue.append(left)
        self._begin(every, lists)
        for scopes in sorted(lists, key=len, reverse=True):
            for group in self.groups if len(scopes) > 1 else ():
                if (left := group.of(scopes)) in lists:
                    lists[scopes].becomes(lists[left], group.item)
        return [*lists.values()]

    def _begin(self, every: frozenset[Scope], lists: dict[frozenset[Scope], Listing]) -> None:
        """What lists may begin with."""
        items = dict[frozenset[Scope], list[str]]()
        for group in self.groups:
            items.setdefault(group.of(every), []).append(group.item)
        for left in filter(lists.__contains__, items):
            lists[left].first = f"begin_{lists[left].name}"
            self.rules.append(f"{lists[left].first}: {' | '.join(items[left])}")


def _choices(tables: int, joins: Sequence[Scope], most: int) -> Iterator[list[Scope]]:
    """The orders in which tables can be joined one by one: with threes of them, with pairs, with the first pairs."""
    pairs = [*dict.fromkeys(order for join in joins if len(join) == 2 for order in permutations(join))]
    threes = [order for join in joins if len(join) == 3 for order in permutations(join)
              if order[:2] in pairs and {(order[0], order[2]), (order[1], order[2])} & {*pairs}]
    alone = [(number,) for number in range(tables)]
    yield from ([*alone, *pairs, *threes], [*alone, *pairs], [*alone, *pairs[: max(0, most - tables)]])


def _suffix(scope: Scope) -> str:
    """What ends the names of a scope's rules."""
    return "_".join(["t", *map(str, scope)])
