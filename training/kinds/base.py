"""How a kind of document is described: facts with field names, labels and phrasings.

Labels and phrases are written `a|b|c // d|e`: what follows `//` is held out, never used in training.
`{}` in a phrase is the place of the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from training.values import Value, Values

Maker = Callable[[Values], Value]


_TRAINED: set[str] = set()  # every training alternative of every kind, in lower case


@dataclass(frozen=True)
class Texts:
    """Alternatives of a phrase or label, in two splits."""

    train: tuple[str, ...]
    held: tuple[str, ...]

    def __post_init__(self) -> None:
        _TRAINED.update(t.lower() for t in self.train if self.train != self.held)

    @classmethod
    def parse(cls, text: str) -> Texts:
        train, _, held = text.partition("//")
        parts = [tuple(p.strip() for p in side.replace("\n", " ").split("|") if p.strip()) for side in (train, held)]
        return cls(parts[0], parts[1] or parts[0])

    def plus(self, more: tuple[str, ...]) -> Texts:
        """With more training alternatives."""
        return Texts(tuple(dict.fromkeys([*self.train, *(p for p in more if p != "-")])), self.held)

    def of(self, held_out: bool) -> tuple[str, ...]:
        """The split's alternatives; those held out here but trained on elsewhere are no use for a test."""
        if not held_out:
            return self.train
        return tuple(t for t in self.held if t.lower() not in _TRAINED) or self.held


@dataclass(frozen=True)
class Fact:
    """One scalar fact of a document."""

    keys: tuple[str, ...]
    labels: Texts
    make: Maker
    phrases: Texts


@dataclass(frozen=True)
class Choice:
    """A fact told by a phrase: per meaning the names it may have in an enum, and its phrasings.

    A boolean has the meanings "true" and "false".
    """

    keys: tuple[str, ...]
    labels: Texts
    names: dict[str, tuple[str, ...]]
    phrases: dict[str, Texts]
    boolean: bool = False


@dataclass(frozen=True)
class Listing:
    """A list of strings, told in one sentence or after a label."""

    keys: tuple[str, ...]
    labels: Texts
    make: Maker
    phrases: Texts


@dataclass(frozen=True)
class Group:
    """Facts that belong to one entity: nested (`seller: {name, city}`) or flat (`seller_name`)."""

    keys: tuple[str, ...]
    parts: dict[str, Fact]
    phrases: Texts


@dataclass(frozen=True)
class Records:
    """A list of objects: `lines` are layouts of one record with the parts in braces."""

    keys: tuple[str, ...]
    parts: dict[str, Fact]
    lines: Texts
    headers: Texts
    single: bool = False


Entry = Fact | Choice | Listing | Group | Records


@dataclass(frozen=True)
class Kind:
    """A kind of document."""

    name: str
    entries: tuple[Entry, ...]
    opening: Texts = field(default_factory=lambda: Texts((), ()))


def fact(keys: str, make: Maker, labels: str, phrases: str) -> Fact:
    return Fact(tuple(keys.split()), Texts.parse(labels), make, Texts.parse(phrases))


def listing(keys: str, make: Maker, labels: str, phrases: str) -> Listing:
    return Listing(tuple(keys.split()), Texts.parse(labels), make, Texts.parse(phrases))


def boolean(keys: str, labels: str, yes: str, no: str) -> Choice:
    return Choice(
        tuple(keys.split()),
        Texts.parse(labels),
        {},
        {"true": Texts.parse(yes), "false": Texts.parse(no)},
        True,
    )


def choice(keys: str, labels: str, **meanings: str) -> Choice:
    """Each meaning: `name1, name2 : phrases`."""
    names, phrases = {}, {}
    for meaning, text in meanings.items():
        head, _, tail = text.partition(":")
        names[meaning] = tuple(n.strip() for n in head.split(","))
        phrases[meaning] = Texts.parse(tail)
    return Choice(tuple(keys.split()), Texts.parse(labels), names, phrases)


def group(keys: str, phrases: str, **parts: Fact) -> Group:
    return Group(tuple(keys.split()), parts, Texts.parse(phrases))


def records(keys: str, lines: str, headers: str = "", **parts: Fact) -> Records:
    return Records(tuple(keys.split()), parts, Texts.parse(lines), Texts.parse(headers))


def kind(name: str, opening: str, *entries: Entry) -> Kind:
    return Kind(name, tuple(_richer(name, entry) for entry in entries), Texts.parse(opening))


def _richer(kind_name: str, entry: Entry) -> Entry:
    """The entry with what the folder `more` adds to the training alternatives of its labels and phrases."""
    more = additions(kind_name, entry)
    if isinstance(entry, Choice):
        phrases = {meaning: texts.plus(more.phrases[meaning]) for meaning, texts in entry.phrases.items()}
        return replace(entry, labels=entry.labels.plus(more.labels), phrases=phrases)
    if isinstance(entry, Group):
        return replace(entry, phrases=entry.phrases.plus(more.phrases[""]))
    if isinstance(entry, Records):
        return replace(entry, headers=entry.headers.plus(more.labels), lines=entry.lines.plus(more.phrases[""]))
    return replace(entry, labels=entry.labels.plus(more.labels), phrases=entry.phrases.plus(more.phrases[""]))


class Additions(NamedTuple):
    """More training alternatives of an entry: labels (of records: headers) and phrases by meaning ("" if no choice)."""

    labels: tuple[str, ...]
    phrases: dict[str, tuple[str, ...]]


def additions(kind_name: str, entry: Entry) -> Additions:
    """What the folder `more` has for an entry."""
    own = f"{kind_name}.{entry.keys[0]}"
    if isinstance(entry, Choice):
        found = {meaning: _MORE.get(f"{own}.{meaning}", _NOTHING)[1] for meaning in entry.phrases}
        return Additions(_MORE.get(own, _NOTHING)[0], found)
    if isinstance(entry, Group | Records):
        labels, phrases = _MORE.get(f"{own}.{type(entry).__name__.lower()}", _NOTHING)
        return Additions(labels, {"": tuple(p for p in phrases if set(_PART.findall(p)) <= entry.parts.keys())})
    general = entry.keys[0] if f"only {own}" not in _MORE else f"only {own}"
    (labels, phrases), (more_labels, more_phrases) = _MORE.get(own, _NOTHING), _MORE.get(general, _NOTHING)
    return Additions(labels + more_labels, {"": phrases + more_phrases})


def _read_more() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """`kind.key: labels ~ phrases`, a line each; `key` for all kinds but those of an `only kind.key`,
    `kind.key.meaning` for a choice, `kind.key.group` and `kind.key.records`."""
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for path in sorted((Path(__file__).parent / "more").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            key, _, rest = line.partition(":")
            before = found.get(key, _NOTHING)
            parts = [tuple(p for t in side.split("|") if (p := t.strip())) for side in rest.partition("~ ")[::2]]
            found[key] = before[0] + parts[0], before[1] + parts[1]
    return found


_NOTHING: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
_PART = re.compile(r"\{(\w*)\}")
_MORE = _read_more()
GENERIC = tuple((Path(__file__).parent / "generic.txt").read_text(encoding="utf-8").splitlines())  # `@` is the noun
