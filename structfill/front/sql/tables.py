"""The tables that the statements of a script have left so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...errors import UnsupportedFeature
from .catalogue import Catalogue, Column, Table
from .columns import WAY_OUT, Path
from .dialects import Dialect

_DEFAULTS = {"postgres": "public", "duckdb": "main", "snowflake": "PUBLIC"}  # schemas of names without one


@dataclass(frozen=True)
class Entry:
    """A table or view, the key of the schema that it lies in ("" if not known), and what its foreign keys refer to."""

    table: Table
    home: str = ""
    references: tuple[Path, ...] = ()
    is_view: bool = False
    has_children: bool = False  # tables that inherit from it


class Tables:
    """Entries in the order of their statements; names are compared as the dialect does."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect, self.entries = dialect, list[Entry]()
        self.default = self.current = _DEFAULTS.get(dialect.name, "")

    def use(self, schema: str) -> None:
        """The schema of names without one, from here on."""
        self.current = self.dialect.table_key(schema)

    def entry(self, path: Path, columns: Iterable[Column], references: tuple[Path, ...] = (),
              is_view: bool = False) -> Entry:
        schema, name = path
        home = self._home(path)
        far = tuple((where or home, one) for where, one in references)
        return Entry(Table(name, tuple(columns), schema), home, far, is_view)

    def find(self, path: Path) -> Entry | None:
        """The entry of a name; of one whose schema is not known by its name alone, if there is one of that name."""
        home, key = self._home(path), self.dialect.table_key(path[1])
        same = [entry for entry in self.entries if self.dialect.table_key(entry.table.name) == key]
        exact = [entry for entry in same if entry.home == home]
        loose = exact or [entry for entry in same if not entry.home or not home]
        if len(loose) > 1 and not exact:
            raise UnsupportedFeature("a name in several schemas", f"{path[1]!r} may be each of "
                                     + ", ".join(entry.table.path for entry in loose), hint="name it with its schema")
        return loose[0] if loose else None

    def copied(self, path: Path, by: str) -> Entry:
        """The entry whose columns another table takes over. Raises `UnsupportedFeature` if it is not known."""
        found = self.find(path)
        if found is None:
            raise UnsupportedFeature(by, f"{by}: the columns of {path[1]!r}, which it takes over, are not in the DDL "
                                     "text before it", hint=WAY_OUT)
        return found

    def put(self, old: Entry | None, new: Entry) -> None:
        """`new` at the place of `old`, or at the end."""
        if old is None:
            self.entries.append(new)
        else:
            self.entries[self.entries.index(old)] = new

    def drop(self, path: Path) -> None:
        found = self.find(path)
        if found is not None:
            self.entries.remove(found)

    def drop_schema(self, schema: str) -> None:
        key = self.dialect.table_key(schema)
        self.entries = [entry for entry in self.entries if entry.home != key]

    def rename(self, entry: Entry, path: Path) -> None:
        """Another name, or another schema, for a table and in the foreign keys that refer to it."""
        old = (entry.home, self.dialect.table_key(entry.table.name))
        renamed = self.entry(path, entry.table.columns)
        self.put(entry, replace(entry, table=renamed.table, home=renamed.home))
        for other in self.entries:
            far = tuple(path if (self.dialect.table_key(where), self.dialect.table_key(name)) == old else (where, name)
                        for where, name in other.references)
            self.put(other, replace(other, references=far))

    def catalogue(self) -> Catalogue:
        """All of them, with the names of tables that foreign keys refer to as those tables have them."""
        several = len({entry.home for entry in self.entries if not entry.table.schema}) > 1
        return Catalogue(tuple(replace(entry.table, schema=self._schema(entry, several), references=self._named(entry))
                               for entry in self.entries))

    def _home(self, path: Path) -> str:
        return self.dialect.table_key(path[0]) if path[0] else self.current

    def _schema(self, entry: Entry, several: bool) -> str:
        """The schema that a query has to name."""
        if entry.table.schema or entry.home == self.default:
            return entry.table.schema
        return entry.home if self.default or several else ""

    def _named(self, entry: Entry) -> tuple[str, ...]:
        found = [(self.find(path), path) for path in entry.references]
        return tuple(far.table.name if far else path[1] for far, path in found)
