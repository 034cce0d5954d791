"""The splits of values; numbers, dates and times.

A value belongs to the training split or to the held-out split by a hash of the string: `is_held_out`. Pool
words and composed values both obey the rule, so nothing drawn with `held_out=False` ever equals a held-out value.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Date
from functools import lru_cache

from training import words

MONTHS = words.listed("January February March April May June July August September October November December")
WEEKDAYS = words.listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
NUMERALS = words.listed("zero one two three four five six seven eight nine ten eleven twelve")
ASCII = str.maketrans(
    "áàâãäåéèêëíìîïóòôõöøúùûüñçßşśšłńňřžźżğıýÁÉÖÅŞØÜ", "aaaaaaeeeeiiiioooooouuuuncsssslnnrzzzgiyAEOASOU"
)


@lru_cache(maxsize=200_000)
def is_held_out(text: str) -> bool:
    """Ten percent of all strings, by hash of the lower-case text: never used in training."""
    return hashlib.blake2b(text.lower().encode(), digest_size=4).digest()[0] % 10 == 0


@dataclass(frozen=True)
class Value:
    """`surface` stands in the text, `json` in the answer; `type` is the outline's word for it."""

    surface: str
    json: object
    type: str = "string"


def _pool(pool: list[str] | tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    unique = tuple(dict.fromkeys(w.strip() for w in pool))
    held = tuple(w for w in unique if is_held_out(w))
    return tuple(w for w in unique if not is_held_out(w)), held or unique[-1:]


_POOLS = {name: _pool(pool) for name, pool in vars(words).items() if name.isupper() and isinstance(pool, list)}


_LOOSE = 0.35  # share of free texts of training that are made of any words
_LINKS = ["of", "the", "with", "no", "for", "a", "and", "in", "not", "to", "new", "on", "from", "all", "your", "at"]


class BaseValues:
    """The rules of the splits, numbers, times and closed sets. Makers return a `Value`."""

    def __init__(self, rng: random.Random, held_out: bool) -> None:
        self.rng = rng
        self.held_out = held_out

    def word(self, pool: str) -> str:
        """One word of a pool's split."""
        return self.rng.choice(_POOLS[pool][self.held_out])

    def choice(self, *options: str) -> str:
        return self.rng.choice(options)

    def _unique(self, make: Callable[[], str]) -> str:
        """A composed string on the right side of the hash rule.

        A held-out string that cannot meet it is made of held-out words, so training never makes it either.
        """
        text = make()
        for _ in range(120):
            if is_held_out(text) == self.held_out:
                break
            text = make()
        return text

    def number(self, low: int, high: int) -> str:
        """A whole number in digits."""
        return str(self.rng.randint(low, high))

    def _text(self, make: Callable[[], str]) -> Value:
        text = self._unique(make)
        return Value(text, text)

    def pseudo(self, low: int = 2, high: int = 3) -> str:
        """An invented word."""
        return self._unique(
            lambda: "".join(self.rng.choice(words.SYLLABLE) for _ in range(self.rng.randint(low, high)))
        )

    def phrase(self, make: Callable[[], str], most: int = 6) -> str:
        """What `make` gives; in training often any words at all instead, so that the words of the pools are not learned
        by heart, and where a value ends is read from the text."""
        if self.held_out or self.rng.random() > _LOOSE:
            return make()
        found = []
        for _ in range(self.rng.randint(1, most)):
            roll = self.rng.random()
            pool = self.rng.choice(list(_POOLS))
            found.append(self.rng.choice(_LINKS) if roll < 0.15 else self.pseudo() if roll < 0.4 else self.word(pool))
        text = " ".join(found)
        return self.choice(text, text.lower(), text[0].upper() + text[1:], text.title())

    def _word_or_pseudo(self, pool: str, share: float = 0.35) -> str:
        return self.pseudo().capitalize() if self.rng.random() < share else self.word(pool)

    # numbers
    def integer(self, low: int, high: int) -> Value:
        n = self.rng.randint(low, high)
        surface = str(n)
        if n <= 12 and self.rng.random() < 0.25:
            surface = NUMERALS[n]
        elif n >= 1000 and self.rng.random() < 0.3:
            surface = f"{n:,}"
        return Value(surface, n, "integer")

    def quantity(self) -> Value:
        return self.integer(1, self.rng.choice([9, 12, 60, 500]))

    def decimal(self, low: float, high: float) -> Value:
        x = round(self.rng.uniform(low, high), self.rng.choice([1, 1, 2]))
        return Value(str(x), x, "number")

    def price(self) -> Value:
        r = self.rng
        cents = r.randint(100, r.choice([10_000, 10_000, 300_000, 2_000_000]))
        if r.random() < 0.25:
            cents = cents // 100 * 100
        x, whole = cents / 100, cents % 100 == 0
        plain = f"{x:.2f}" if not whole or r.random() < 0.5 else str(cents // 100)
        amount = f"{float(plain):,.2f}" if "." in plain and r.random() < 0.6 else plain
        surface = self.choice(
            f"${amount}",
            f"€{amount}",
            f"£{amount}",
            f"{amount} USD",
            f"{amount} EUR",
            f"{amount} euros",
            f"${amount}",
            f"EUR {amount}",
            f"USD {amount}",
            f"{amount} €",
            f"{plain} dollars",
            f"CHF {amount}",
            f"{amount} GBP",
        )
        return Value(surface, float(plain) if "." in plain else int(plain), "number")

    def currency(self) -> Value:
        return self.pick(words.CURRENCY)

    # time
    def date(self) -> Value:
        def make() -> str:
            return f"{self.rng.randint(2015, 2031)}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"

        iso = self._unique(make)
        year, month, day = int(iso[:4]), int(iso[5:7]), int(iso[8:])
        long, short = MONTHS[month - 1], MONTHS[month - 1][:3]
        suffix = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        weekday = WEEKDAYS[Date(year, month, day).weekday()]
        options = [
            iso,
            iso,
            f"{long} {day}, {year}",
            f"{day} {long} {year}",
            f"{long} {day}{suffix}, {year}",
            f"{day}{suffix} of {long} {year}",
            f"{short} {day}, {year}",
            f"{day} {short} {year}",
            f"{day:02d}.{month:02d}.{year}",
            f"{year}/{month:02d}/{day:02d}",
            f"{weekday}, {day} {long} {year}",
            f"{weekday[:3]}, {day} {short} {year}",
            f"{short} {day} {year}",
            f"{day}. {long} {year}",
            f"{day}-{short}-{year}",
            f"{day}{suffix} {long} {year}",
            f"{weekday}, {long} {day}, {year}",
        ]
        if day > 12:
            options += [f"{month:02d}/{day:02d}/{year}", f"{month}/{day}/{year}", f"{day}/{month:02d}/{year}"]
        return Value(self.rng.choice(options), iso, "date")

    def time(self) -> Value:
        hour, minute = self.rng.randint(0, 23), self.rng.choice([0, 0, 15, 30, 45, 5, 10, 20, 50])
        text = (
            f"{hour:02d}:{minute:02d}"
            if self.rng.random() < 0.75
            else f"{hour % 12 or 12}:{minute:02d} {'am' if hour < 12 else 'pm'}"
        )
        return Value(text, text)

    def clock(self) -> Value:
        return self._text(lambda: ":".join(f"{self.rng.randint(0, high):02d}" for high in (23, 59, 59)))

    # small sets and lists
    def pick(self, options: list[str]) -> Value:
        """A value of a small closed set, which is not split."""
        text = self.rng.choice(options)
        return Value(text, text)

    def listed(self, pool: str) -> Value:
        """A word of a pool, or an invented one."""
        return self._text(
            lambda: self.phrase(lambda: self.word(pool) if self.rng.random() < 0.8 else self.pseudo(), 3)
        )
