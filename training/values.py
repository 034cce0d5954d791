"""Makers of values of every type, as they stand in a text and as they stand in the answer."""

from __future__ import annotations

from training import words
from training.base_values import ASCII, BaseValues, Value, is_held_out

__all__ = ["Value", "Values", "is_held_out"]


class Values(BaseValues):
    """Makers of values for one split: people, places and things on top of numbers and times."""

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
                title = self.choice("Dr.", "Prof.", "Mr", "Ms", "Mrs", "Dr")
                return f"{title} {self.choice(first + ' ', '')}{last}"
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

        return self._text(lambda: self.phrase(make, 3))

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
                kind = self.choice("Hall", "Centre", "Hotel", "Library", "Theatre", "Arena", "House", "Museum")
                return f"{head} {kind}"
            return self.street().surface

        return self._text(lambda: self.phrase(make, 3))

    def zip(self) -> Value:
        def make() -> str:
            r = self.rng
            if r.random() < 0.25:
                area = f"{r.choice('ABEGLMNSW')}{r.choice('ABEGLMNSW')}{r.randint(1, 20)}"
                return f"{area} {r.randint(1, 9)}{r.choice('ABDEFG')}{r.choice('HJLNPQ')}"
            return f"{r.randint(1000, 99999):05d}" if r.random() < 0.8 else f"{r.randint(1000, 9999)}"

        return self._text(make)

    def email(self) -> Value:
        def make() -> str:
            first = self._word_or_pseudo("FIRST").lower().translate(ASCII)
            last = self._word_or_pseudo("LAST").lower().translate(ASCII).replace("'", "")
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
        host = self._word_or_pseudo("COMPANY", 0.5).lower().translate(ASCII)
        field = self.choice("", "", "", "-" + self.word("COMPANY_FIELD").lower())
        return f"{host}{field}.{self.choice('com', 'org', 'net', 'io', 'de', 'co.uk', 'fr', 'example')}"

    def url(self) -> Value:
        def make() -> str:
            tail = self.choice("", "", "/" + self.word("TAG"), f"/{self.word('TOPIC')}/{self.rng.randint(1, 999)}")
            scheme = self.choice("https://", "https://", "http://", "www.", "https://www.")
            return f"{scheme}{self._domain()}{tail}"

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
            return job if self.rng.random() < 0.6 or not job.islower() else self.choice(job.title(), job.capitalize())

        return self._text(lambda: self.phrase(make, 3))

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
                head = self.choice(thing.capitalize(), self.pseudo().capitalize())
                text = f"{head} {self.rng.choice('ABMSXTZ')}{self.number(1, 900)}"
            else:
                text = thing
            return self.choice(text, text, text.title(), text[0].upper() + text[1:])

        return self._text(lambda: self.phrase(make, 4))

    def event(self) -> Value:
        def make() -> str:
            text = f"{self.word('TOPIC')} {self.word('GATHERING')}"
            roll = self.rng.random()
            if roll < 0.15:
                text = f"{self.pseudo().capitalize()} {self.word('GATHERING')}"
            elif roll < 0.3:
                when = (
                    "annual",
                    "monthly",
                    "weekly",
                    "international",
                    "spring",
                    "summer",
                    "autumn",
                    "winter",
                )
                text = f"{self.choice(*when)} {text}"
            return self.choice(text, text.title(), text[0].upper() + text[1:])

        return self._text(lambda: self.phrase(make, 4))

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
                lead = self.choice("question about", "offer for", "problem with", "news on", "changes to")
                text = f"{lead} the {thing}"
            else:
                text = f"{self.pseudo()} {thing}"
            return self.choice(text, text[0].upper() + text[1:], text[0].upper() + text[1:])

        return self._text(lambda: self.phrase(make, 6))

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

        return self._text(lambda: self.phrase(make, 5))

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
                "/" + self.choice(self.word("TAG"), self.word("TOPIC"), self.pseudo(), str(self.rng.randint(1, 999)))
                for _ in range(self.rng.randint(1, 3))
            )
        )

    def flight(self) -> Value:
        return self._text(
            lambda: (
                self.rng.choice("ABKLSTUQ") + self.rng.choice("AFHKLXZ") + self.choice("", " ") + self.number(10, 9999)
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
                self._word_or_pseudo("FIRST").lower().translate(ASCII),
                f"{self.pseudo()}{self.rng.randint(1, 99)}",
                f"{self.rng.choice('abcdefgjklmnprst')}{self.word('LAST').lower().translate(ASCII)}",
            )
        )

    def isbn(self) -> Value:
        return self._text(
            lambda: "-".join(
                [
                    "978",
                    self.number(0, 9),
                    self.number(100, 999),
                    self.number(10000, 99999),
                    self.number(0, 9),
                ]
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
                self.choice("", "v")
                + f"{self.number(0, 12)}.{self.number(0, 30)}"
                + self.choice("", "." + self.number(0, 20))
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
