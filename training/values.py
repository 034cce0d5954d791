"""Values of every type, as they stand in a text and as they stand in the answer.

A value belongs to the training split or to the held-out split by a hash of the string: `is_held_out`. Pool words and
composed values both obey the rule, so nothing drawn with `held_out=False` ever equals a held-out value.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Date
from functools import lru_cache

from training import words

MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
NUMERALS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_ASCII = str.maketrans(
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


_POOLS = {
    name: _pool(getattr(words, name))
    for name in (
        "FIRST LAST CITY COUNTRY COMPANY COMPANY_FIELD STREET ADJECTIVE PRODUCT JOB TOPIC GATHERING SKILL TAG COLOUR "
        "LANGUAGE DEPARTMENT GENRE MATERIAL LABEL_NOUN VERB THING FAULT BOOK_WORD"
    ).split()
}


class Values:
    """Makers of values for one split. Every public method returns a `Value`."""

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

        A held-out string that cannot meet the rule is composed of held-out words, so training never makes it either.
        """
        text = make()
        for _ in range(120):
            if is_held_out(text) == self.held_out:
                break
            text = make()
        return text

    def _text(self, make: Callable[[], str]) -> Value:
        text = self._unique(make)
        return Value(text, text)

    def pseudo(self, low: int = 2, high: int = 3) -> str:
        """An invented word."""
        return self._unique(
            lambda: "".join(self.rng.choice(words.SYLLABLE) for _ in range(self.rng.randint(low, high)))
        )

    def _word_or_pseudo(self, pool: str, share: float = 0.35) -> str:
        return self.pseudo().capitalize() if self.rng.random() < share else self.word(pool)

    # people and places
    def first(self) -> Value:
        return self._text(lambda: self._word_or_pseudo("FIRST"))

    def last(self) -> Value:
        return self._text(lambda: self._word_or_pseudo("LAST"))

    def name(self) -> Value:
        def make() -> str:
            first, last = self._word_or_pseudo("FIRST", 0.25), self._word_or_pseudo("LAST", 0.3)
            roll = self.rng.random()
            if roll < 0.06:
                return f"{first} {self._word_or_pseudo('LAST')}-{last}"
            if roll < 0.10:
                return f"{first} {self.rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
            if roll < 0.14:
                return f"{self.choice('Dr.', 'Prof.', 'Mr', 'Ms', 'Mrs', 'Dr')} {self.choice(first + ' ', '')}{last}"
            if roll < 0.17:
                return f"{first} {self.choice('van', 'de', 'von', 'da', 'al', 'van der')} {last}"
            return f"{first} {last}"

        return self._text(make)

    def company(self) -> Value:
        def make() -> str:
            head = self._word_or_pseudo("COMPANY")
            roll = self.rng.random()
            if roll < 0.35:
                return f"{head} {self.word('COMPANY_FIELD')}"
            if roll < 0.6:
                return f"{head} {self.word('COMPANY_FIELD')} {self.rng.choice(words.COMPANY_FORM)}"
            if roll < 0.8:
                return f"{head} {self.rng.choice(words.COMPANY_FORM)}"
            if roll < 0.87:
                return f"{self._word_or_pseudo('LAST')} & {self._word_or_pseudo('LAST')}"
            return head

        return self._text(make)

    def city(self) -> Value:
        return self._text(lambda: self._word_or_pseudo("CITY", 0.25))

    def country(self) -> Value:
        return self._text(lambda: self._word_or_pseudo("COUNTRY", 0.08))

    def street(self) -> Value:
        def make() -> str:
            number, head = self.rng.randint(1, 999), self._word_or_pseudo("STREET")
            if self.rng.random() < 0.2:
                return f"{head}{self.choice('straße', 'weg', 'gatan', 'laan')} {number}"
            return f"{number} {head} {self.rng.choice(words.STREET_KIND)}"

        return self._text(make)

    def venue(self) -> Value:
        def make() -> str:
            roll = self.rng.random()
            if roll < 0.3:
                return f"Room {self.rng.choice('ABCDEFG')}{self.rng.randint(1, 40)}"
            if roll < 0.7:
                head = self._word_or_pseudo("STREET")
                return f"{head} {self.choice('Hall', 'Centre', 'Hotel', 'Library', 'Theatre', 'Arena', 'House', 'Museum')}"
            return self.street().surface

        return self._text(make)

    def zip(self) -> Value:
        def make() -> str:
            r = self.rng
            if r.random() < 0.25:
                return f"{r.choice('ABEGLMNSW')}{r.choice('ABEGLMNSW')}{r.randint(1, 20)} {r.randint(1, 9)}{r.choice('ABDEFG')}{r.choice('HJLNPQ')}"
            return f"{r.randint(1000, 99999):05d}" if r.random() < 0.8 else f"{r.randint(1000, 9999)}"

        return self._text(make)

    def email(self) -> Value:
        def make() -> str:
            first = self._word_or_pseudo("FIRST").lower().translate(_ASCII)
            last = self._word_or_pseudo("LAST").lower().translate(_ASCII).replace("'", "")
            user = self.choice(
                f"{first}.{last}",
                f"{first[0]}.{last}",
                first,
                f"{first}{last[0]}",
                f"{first}_{last}",
                self.choice("info", "sales", "office", "billing", "support", "contact"),
                f"{first}{self.rng.randint(1, 99)}",
            )
            return f"{user}@{self._domain()}"

        return self._text(make)

    def _domain(self) -> str:
        host = self._word_or_pseudo("COMPANY", 0.5).lower().translate(_ASCII)
        return f"{host}{self.choice('', '', '', '-' + self.word('COMPANY_FIELD').lower())}.{self.choice('com', 'org', 'net', 'io', 'de', 'co.uk', 'fr', 'example')}"

    def url(self) -> Value:
        def make() -> str:
            tail = self.choice(
                "", "", "/" + self.word("TAG"), f"/{self.word('TOPIC')}/{self.rng.randint(1, 999)}"
            )
            return f"{self.choice('https://', 'https://', 'http://', 'www.', 'https://www.')}{self._domain()}{tail}"

        return self._text(make)

    def phone(self) -> Value:
        def make() -> str:
            r = self.rng
            a, b, c = r.randint(200, 999), r.randint(100, 999), r.randint(1000, 9999)
            return self.choice(
                f"{a}-{b}-{c}",
                f"({a}) {b}-{c}",
                f"+{r.randint(1, 98)} {a} {b} {c}",
                f"+{r.randint(1, 98)} {a} {b}{c}",
                f"0{a} {b}{c}",
                f"+1-{a}-{b}-{c}",
                f"{b}-{c}",
                f"0{a}/{b} {c % 100:02d} {c // 100}",
                f"{a}.{b}.{c}",
            )

        return self._text(make)

    def age(self) -> Value:
        return self.integer(18, 95)

    def job(self) -> Value:
        def make() -> str:
            job = (
                self.word("JOB")
                if self.rng.random() < 0.85
                else f"{self.choice('senior', 'junior', 'assistant', 'lead')} {self.word('JOB')}"
            )
            return (
                job
                if self.rng.random() < 0.6 or not job.islower()
                else self.choice(job.title(), job.capitalize())
            )

        return self._text(make)

    # things
    def product(self) -> Value:
        def make() -> str:
            thing = self.word("PRODUCT")
            roll = self.rng.random()
            if roll < 0.6:
                text = f"{self.word('ADJECTIVE')} {thing}"
            elif roll < 0.8:
                text = f"{self.pseudo().capitalize()} {self.choice(thing, thing.capitalize())}"
            elif roll < 0.9:
                text = f"{self.choice(thing.capitalize(), self.pseudo().capitalize())} {self.rng.choice('ABMSXTZ')}{self.rng.randint(1, 900)}"
            else:
                text = thing
            return self.choice(text, text, text.title(), text[0].upper() + text[1:])

        return self._text(make)

    def event(self) -> Value:
        def make() -> str:
            text = f"{self.word('TOPIC')} {self.word('GATHERING')}"
            roll = self.rng.random()
            if roll < 0.15:
                text = f"{self.pseudo().capitalize()} {self.word('GATHERING')}"
            elif roll < 0.3:
                text = f"{self.choice('annual', 'monthly', 'weekly', 'international', 'spring', 'summer', 'autumn', 'winter')} {text}"
            return self.choice(text, text.title(), text[0].upper() + text[1:])

        return self._text(make)

    def title(self) -> Value:
        """A short free text: subjects, notes, tickets."""

        def make() -> str:
            thing = self.word("THING")
            roll = self.rng.random()
            if roll < 0.4:
                text = f"{thing} {self.word('FAULT')}"
            elif roll < 0.75:
                text = f"{self.word('VERB')} the {thing}"
            elif roll < 0.9:
                text = f"{self.choice('question about', 'offer for', 'problem with', 'news on', 'changes to')} the {thing}"
            else:
                text = f"{self.pseudo()} {thing}"
            return self.choice(text, text[0].upper() + text[1:], text[0].upper() + text[1:])

        return self._text(make)

    def book(self) -> Value:
        def make() -> str:
            w = [self._word_or_pseudo("BOOK_WORD", 0.2) for _ in range(3)]
            return self.choice(
                f"The {w[0]} {w[1]}",
                f"{w[0]} of {w[1]}",
                f"{w[0]} {w[1]} {w[2]}",
                f"A {w[0]} {w[1]}",
                w[0],
                f"The {w[0]} of the {w[1]}",
            )

        return self._text(make)

    def code(self) -> Value:
        def make() -> str:
            r = self.rng
            letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
            a, b = r.choice(letters), r.choice(letters)
            n = r.randint(10, 99999)
            return self.choice(
                f"{a}{b}-{n}",
                f"{a}{n}",
                f"{a}-{n}",
                f"{a}{b}{r.choice(letters)}-{r.randint(2019, 2030)}-{n}",
                f"{n}",
                f"#{n}",
                f"{n}/{r.randint(10, 99)}",
                f"{a}{b}{r.choice(letters)}{n}",
                f"{a}{b}-{n}-{r.choice(letters)}",
                f"{r.randint(2019, 2030)}-{n:04d}",
                f"INV-{n}",
                f"PO-{n}",
                f"{a}{r.randint(1, 99)}-{b}{r.randint(1, 99)}",
            )

        return self._text(make)

    def host(self) -> Value:
        return self._text(
            lambda: self.choice(
                f"{self.pseudo()}-{self.rng.randint(1, 40):02d}",
                f"{self.choice('web', 'db', 'app', 'cache', 'api')}-{self.rng.randint(1, 99)}",
                f"{self.choice('web', 'db', 'node')}{self.rng.randint(1, 99)}.{self.pseudo()}",
            )
        )

    def ip(self) -> Value:
        return self._text(lambda: ".".join(str(self.rng.randint(1, 254)) for _ in range(4)))

    def path(self) -> Value:
        return self._text(
            lambda: "".join(
                "/"
                + self.choice(
                    self.word("TAG"), self.word("TOPIC"), self.pseudo(), str(self.rng.randint(1, 999))
                )
                for _ in range(self.rng.randint(1, 3))
            )
        )

    def flight(self) -> Value:
        return self._text(
            lambda: (
                f"{self.rng.choice('ABKLSTUQ')}{self.rng.choice('AFHKLXZ')}{self.choice('', ' ')}{self.rng.randint(10, 9999)}"
            )
        )

    def seat(self) -> Value:
        return self._text(lambda: f"{self.rng.randint(1, 45)}{self.rng.choice('ABCDEF')}")

    def hotel(self) -> Value:
        def make() -> str:
            head = self._word_or_pseudo("STREET", 0.4)
            return self.choice(
                f"Hotel {head}",
                f"{head} Hotel",
                f"{head} Inn",
                f"Grand {head}",
                f"{head} Resort",
                f"{head} Guesthouse",
            )

        return self._text(make)

    def username(self) -> Value:
        return self._text(
            lambda: self.choice(
                self.pseudo(),
                self._word_or_pseudo("FIRST").lower().translate(_ASCII),
                f"{self.pseudo()}{self.rng.randint(1, 99)}",
                f"{self.rng.choice('abcdefgjklmnprst')}{self.word('LAST').lower().translate(_ASCII)}",
            )
        )

    def isbn(self) -> Value:
        return self._text(
            lambda: (
                f"978-{self.rng.randint(0, 9)}-{self.rng.randint(100, 999)}-{self.rng.randint(10000, 99999)}-{self.rng.randint(0, 9)}"
            )
        )

    def status(self) -> Value:
        n = self.rng.choice([200, 201, 204, 301, 302, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504])
        return Value(str(n), n, "integer")

    def year(self) -> Value:
        n = self.rng.randint(1890, 2026)
        return Value(str(n), n, "integer")

    def version(self) -> Value:
        return self._text(
            lambda: (
                f"{self.choice('', 'v')}{self.rng.randint(0, 12)}.{self.rng.randint(0, 30)}{self.choice('', '.' + str(self.rng.randint(0, 20)))}"
            )
        )

    def education(self) -> Value:
        return self._text(
            lambda: self.choice(
                f"University of {self._word_or_pseudo('CITY')}",
                f"{self._word_or_pseudo('CITY')} University",
                f"{self._word_or_pseudo('LAST')} College",
                f"TU {self._word_or_pseudo('CITY')}",
            )
        )

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
            return (
                f"{self.rng.randint(2015, 2031)}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"
            )

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
        return self._text(
            lambda: (
                f"{self.rng.randint(0, 23):02d}:{self.rng.randint(0, 59):02d}:{self.rng.randint(0, 59):02d}"
            )
        )

    # small sets and lists
    def pick(self, options: list[str]) -> Value:
        """A value of a small closed set, which is not split."""
        text = self.rng.choice(options)
        return Value(text, text)

    def listed(self, pool: str) -> Value:
        """A word of a pool, or an invented one."""
        return self._text(lambda: self.word(pool) if self.rng.random() < 0.8 else self.pseudo())
