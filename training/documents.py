"""Compose a document: a JSON Schema, a text that tells its facts, and the answer.

`document(rng, held_out)` is deterministic in its arguments. Held-out documents use held-out phrases, labels and values.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from training.forms import form_facts
from training.kinds import KINDS
from training.kinds.base import Choice, Fact, Group, Kind, Listing, Records, Texts
from training.noise import NOISE
from training.values import Value, Values

_GENERIC = Texts.parse(
    """the @ is {}|@: {}|@ {}|its @ is {}|@ = {}|with @ {}|the @ was {}|({} is the @)|{} as @|{} ({@})
        |for the @ we have {}|the @ reads {}     // the @ being {}|as to the @, it is {}
        |we noted {} as the @|on the @: {}""".replace("({@})", "(@)")
)
_WRAP = ("", "", "", "", '"', "'", "*", "**", "`")


@dataclass
class Document:
    """What one training example is made of."""

    kind: str
    schema: dict[str, Any]
    text: str
    answer: Any
    phrases: list[str] = field(default_factory=list)


@dataclass
class _Told:
    """One property of the schema: its name, type and answer, and its rendering if it stands in the text."""

    key: str
    schema: dict[str, Any]
    answer: Any
    label: str = ""
    surface: str = ""
    phrase: str = ""
    block: str = ""


def _fill(phrase: str, surface: str) -> str:
    """Put the value into the phrase; a NUL in front protects its first letter from capitals."""
    return ("\0" if phrase.startswith("{}") else "") + phrase.replace("{}", surface)


class Composer:
    """All random choices of one document."""

    def __init__(self, rng: random.Random, held_out: bool) -> None:
        self.rng = rng
        self.held_out = held_out
        self.values = Values(rng, held_out)
        self.used: list[str] = []
        self.camel = rng.random() < 0.18
        self.titled = not self.camel and rng.random() < 0.04

    # names and types
    def key(self, options: tuple[str, ...]) -> str:
        rank = min(int(self.rng.expovariate(0.45)), len(options) - 1)
        return self.style(options[rank] if self.rng.random() < 0.8 else self.rng.choice(options))

    def style(self, name: str) -> str:
        if self.camel:
            head, *tail = name.split("_")
            return head + "".join(t.capitalize() for t in tail)
        return name.replace("_", " ").capitalize() if self.titled else name

    def scalar(self, value: Value, key: str) -> tuple[dict[str, Any], Any]:
        """Type and answer of a value; any non-string may also be wanted verbatim, as a string."""
        r = self.rng.random()
        if value.type == "string":
            return {"type": "string"}, value.json
        if value.type == "date":
            if r < 0.2 and value.surface != value.json:
                return {"type": "string"}, value.surface
            pattern = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
            return (pattern if r < 0.6 else {"type": "string", "format": "date"}), value.json
        if r < 0.07:
            return {"type": "string"}, value.surface
        if value.type == "integer" and r < 0.12:
            return {"type": "number"}, value.json
        return {"type": value.type}, value.json

    def pick(self, texts: Texts) -> str:
        text = self.rng.choice(texts.of(self.held_out))
        self.used.append(text)
        return text

    # entries
    def fact(self, entry: Fact) -> _Told:
        value = entry.make(self.values)
        key = self.key(entry.keys)
        schema, answer = self.scalar(value, key)
        label = self.pick(entry.labels)
        if self.rng.random() < 0.22:
            noun = self.rng.choice(entry.labels.train)
            phrase = self.pick(_GENERIC).replace("@", noun if noun.isupper() else noun.lower())
        else:
            phrase = self.pick(entry.phrases)
        quote = self.rng.choice(_WRAP) if self.rng.random() < 0.25 else ""
        return _Told(key, schema, answer, label, value.surface, _fill(phrase, quote + value.surface + quote))

    def choice(self, entry: Choice) -> _Told:
        meaning = self.rng.choice(list(entry.phrases))
        key, label, phrase = self.key(entry.keys), self.pick(entry.labels), self.pick(entry.phrases[meaning])
        if entry.boolean:
            yes = meaning == "true"
            surface = self.rng.choice(
                ("yes", "true", "Yes", "yes", "y", "✓", "on")
                if yes
                else ("no", "false", "No", "no", "n", "✗", "off")
            )
            if self.rng.random() < 0.12:
                phrase = f"{label.lower()}: {surface}"
            return _Told(key, {"type": "boolean"}, yes, label, surface, phrase)
        shown = list(entry.names)
        if len(shown) > 2 and self.rng.random() < 0.3:
            shown.remove(self.rng.choice([m for m in shown if m != meaning]))
        if self.rng.random() < 0.35:
            self.rng.shuffle(shown)
        column = 0 if self.rng.random() < 0.5 else self.rng.randrange(4)
        names = {m: entry.names[m][min(column, len(entry.names[m]) - 1)] for m in shown}
        answer = names[meaning]
        surface = answer if self.rng.random() < 0.7 else self.rng.choice(entry.names[meaning])
        roll = self.rng.random()
        if roll < 0.1:
            phrase = f"{label.lower()}: {surface}"
        elif roll < 0.2:
            phrase = f"the {label.lower()} is {surface}"
        schema: dict[str, Any] = {"enum": list(names.values())}
        if self.rng.random() < 0.5:
            schema = {"type": "string", **schema}
        return _Told(key, schema, answer, label, surface, phrase)

    def joined(self, items: list[str]) -> str:
        if len(items) == 1:
            return items[0]
        roll = self.rng.random()
        if roll < 0.4:
            return ", ".join(items[:-1]) + self.rng.choice([" and ", " and ", ", and ", " & "]) + items[-1]
        return (
            self.rng.choice([", ", ", ", "; ", " / ", " | "]).join(items)
            if roll < 0.93
            else " ".join("#" + i for i in items)
        )

    def listing(self, entry: Listing) -> _Told:
        items = list(
            dict.fromkeys(
                entry.make(self.values).surface for _ in range(self.rng.choice([1, 2, 2, 3, 3, 4, 5]))
            )
        )
        label, phrase, surface = self.pick(entry.labels), self.pick(entry.phrases), self.joined(items)
        if surface.startswith("#"):
            items = surface[1:].split(" #")
        told = _Told(
            self.key(entry.keys),
            {"type": "array", "items": {"type": "string"}},
            items,
            label,
            surface,
            _fill(phrase, surface),
        )
        if self.rng.random() < 0.25:
            bullet = self.rng.choice(["- ", "* ", "• ", "  - ", ""])
            told.block = f"{label}:\n" + "\n".join(bullet + i for i in items)
        return told

    def _parts(self, entry: Group | Records, layout: str) -> list[str]:
        return [name for name in entry.parts if "{" + name + "}" in layout]

    def group(self, entry: Group) -> list[_Told]:
        """One nested object, or several flat fields."""
        layout = self.pick(entry.phrases)
        head, nested = self.key(entry.keys), self.rng.random() < 0.7
        tolds, shown = [], layout
        for name in self._parts(entry, layout):
            part = entry.parts[name]
            value = part.make(self.values)
            shown = ("\0" if shown.startswith("{" + name) else "") + shown.replace(
                "{" + name + "}", value.surface, 1
            )
            raw = self.rng.choice(part.keys[:2]) if self.rng.random() < 0.3 else part.keys[0]
            key = self.style(raw if nested else f"{entry.keys[0]}_{raw}")
            schema, answer = self.scalar(value, key)
            tolds.append(_Told(key, schema, answer))
        if not nested:
            for told in tolds[1:]:
                told.phrase = ""
            tolds[0].phrase = shown
            return tolds
        if len(tolds) > 1 and self.rng.random() < 0.2:
            tolds.pop(self.rng.randrange(len(tolds)))
        if self.rng.random() < 0.3:
            self.rng.shuffle(tolds)
        rest = [n for n in entry.parts if "{" + n + "}" not in layout]
        if rest and self.rng.random() < 0.12:
            part = entry.parts[self.rng.choice(rest)]
            tolds.append(_Told(self.style(part.keys[0]), {"type": "string"}, _ABSENT))
        schema, answer = self.object(tolds)
        return [_Told(head, schema, answer, phrase=shown)]

    def records(self, entry: Records, single: bool = False) -> _Told:
        layout = self.pick(entry.lines)
        names = self._parts(entry, layout)
        kept = [n for n in names if len(names) == 1 or self.rng.random() < 0.92] or names[:1]
        if self.rng.random() < 0.3:
            self.rng.shuffle(kept)
        keys = {
            n: self.style(
                entry.parts[n].keys[min(int(self.rng.expovariate(0.9)), len(entry.parts[n].keys) - 1)]
            )
            for n in kept
        }
        rows, lines, properties = [], [], {}
        verbatim = {n: self.rng.random() < 0.06 for n in kept}
        for _ in range(self.rng.choice([1, 2, 2, 3, 3, 4])):
            line, row = layout, {}
            found = {n: entry.parts[n].make(self.values) for n in names}
            for n in names:
                line = line.replace("{" + n + "}", found[n].surface, 1)
            for n in kept:
                value = found[n]
                as_text = verbatim[n] and value.type != "string"
                row[keys[n]] = value.surface if as_text else value.json
                kind = (
                    {"type": "string"}
                    if as_text
                    else {"type": "string", "format": "date"}
                    if value.type == "date"
                    else {"type": value.type}
                )
                properties[keys[n]] = kind
            rows.append(row)
            lines.append(line)
        item: dict[str, Any] = {"type": "object", "properties": properties, "required": list(properties)}
        if self.rng.random() < 0.3:
            item["additionalProperties"] = False
        told = _Told(self.key(entry.keys), {"type": "array", "items": item}, rows, "Items", "; ".join(lines))
        heads = entry.headers.of(self.held_out)
        head = self.rng.choice(heads) if heads else ""
        if self.rng.random() < 0.65:
            bullet = self.rng.choice(["- ", "* ", "", "", "• ", "N"])
            told.block = (head + "\n" if head and self.rng.random() < 0.7 else "") + "\n".join(
                (f"{i + 1}. " if bullet == "N" else bullet) + s for i, s in enumerate(lines)
            )
        else:
            told.phrase = (
                head.rstrip(":") + self.rng.choice([": ", " "]) if head and self.rng.random() < 0.6 else "\0"
            ) + self.joined_lines(lines)
        return told

    def joined_lines(self, lines: list[str]) -> str:
        separator = self.rng.choice([", ", "; ", "; "])
        return (
            separator.join(lines)
            if self.rng.random() < 0.5 or len(lines) == 1
            else separator.join(lines[:-1]) + " and " + lines[-1]
        )

    # objects
    def object(self, tolds: list[_Told]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Schema and answer; absent facts become null or are omitted."""
        properties: dict[str, Any] = {}
        answer: dict[str, Any] = {}
        optional_all = self.rng.random() < 0.12
        required = []
        for told in tolds:
            schema = told.schema
            absent = told.answer is _ABSENT
            nullable = self.rng.random() < (0.6 if absent else 0.1)
            if nullable:
                schema = self.nullable(schema)
            properties[told.key] = schema
            omitted = absent and not nullable
            if not (omitted or optional_all or self.rng.random() < 0.06):
                required.append(told.key)
            if not omitted:
                answer[told.key] = None if absent else told.answer
        schema = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        return schema, answer

    def nullable(self, schema: dict[str, Any]) -> dict[str, Any]:
        if (
            "enum" not in schema
            and self.rng.random() < 0.5
            and schema.get("type") in ("string", "integer", "number", "boolean")
            and len(schema) == 1
        ):
            return {"type": [schema["type"], "null"]}
        return {self.rng.choice(["anyOf", "oneOf", "anyOf"]): [schema, {"type": "null"}]}


_ABSENT = object()


def _told(c: Composer, entry: Any) -> list[_Told]:
    if isinstance(entry, Fact):
        return [c.fact(entry)]
    if isinstance(entry, Choice):
        return [c.choice(entry)]
    if isinstance(entry, Listing):
        return [c.listing(entry)]
    return c.group(entry) if isinstance(entry, Group) else [c.records(entry)]


def _select(c: Composer, kind: Kind) -> tuple[list[Any], list[Any]]:
    """Entries told in the text and entries that are asked for although absent."""
    rng = c.rng
    told: list[Any] = []
    taken: set[str] = set()
    entries = list(kind.entries)
    if rng.random() < 0.6:
        entries = entries[: max(4, len(entries) * 2 // 3)] if rng.random() < 0.3 else entries
    lead = entries[0] if rng.random() < 0.6 else None
    rng.shuffle(entries)
    if lead is not None:
        entries.remove(lead)
        entries.insert(0, lead)
    size = rng.choice([1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8])
    absent: list[Any] = []
    for entry in entries:
        if taken & set(entry.keys):
            continue
        taken |= set(entry.keys)
        if len(told) < size:
            told.append(entry)
        elif len(absent) < 2:
            absent.append(entry)
    return told, absent if rng.random() < 0.3 else []


def _capital(text: str) -> str:
    """Upper-case the first letter, unless a value begins there (marked by NUL): it must stand in the text as it is."""
    return text[:1].upper() + text[1:]


def _prose(c: Composer, tolds: list[_Told]) -> list[str]:
    """Phrases, joined into sentences or lines."""
    rng = c.rng
    mode = rng.choice(
        ["sentences", "sentences", "sentences", "clauses", "lines", "bullets", "mixed", "mixed"]
    )
    phrases = [t.phrase for t in tolds if t.phrase]
    if rng.random() < 0.22:
        phrases.insert(rng.randint(0, len(phrases)), rng.choice(NOISE.of(c.held_out)))
    if not phrases:
        return []
    if mode == "bullets":
        bullet = rng.choice(["- ", "* ", "• "])
        return [bullet + (p if rng.random() < 0.6 else _capital(p)) for p in phrases]
    if mode == "lines":
        return [_capital(p) + rng.choice(["", "."]) for p in phrases] if rng.random() < 0.7 else phrases
    if mode == "clauses":
        separator = rng.choice([", ", ", ", "; ", " - ", " ", " | "])
        return [_capital(separator.join(phrases)) + rng.choice([".", "", ""])]
    text = ""
    for i, p in enumerate(phrases):
        if i == 0:
            text = _capital(p)
        elif mode == "mixed" and rng.random() < 0.55:
            text += rng.choice([", ", ", ", " and ", ", and ", " ", "; "]) + p
        else:
            text += rng.choice([". ", ". ", ". ", "! ", ".\n", "\n"]) + _capital(p)
    return [text + rng.choice([".", ".", "", "!"])]


def _blocks(c: Composer, tolds: list[_Told]) -> list[str]:
    """`Label: value` lines, tables and similar; a fact without label and surface is told in its phrase."""
    rng = c.rng
    form = rng.choice(
        [
            "{l}: {v}",
            "{l}: {v}",
            "{l}: {v}",
            "{l}: {v}",
            "{l} | {v}",
            "| {l} | {v} |",
            "{l} = {v}",
            "{l} - {v}",
            "- {l}: {v}",
            "{l}:\t{v}",
            "{l}={v}",
            "**{l}**: {v}",
            "{l}\t{v}",
            "{l} .... {v}",
            "* {l}: {v}",
            "{l};{v}",
            "{l}:\n{v}",
        ]
    )
    case = rng.choice([str, str, str, str.lower, str.upper, str.title])
    lines = [
        form.replace("{l}", case(t.label)).replace("{v}", t.surface)
        if t.label and t.surface and not t.block
        else _capital(t.phrase)
        for t in tolds
        if (t.surface and t.label and not t.block) or t.phrase
    ]
    if rng.random() < 0.12:
        return [rng.choice(["; ", ", ", " | ", "  "]).join(lines)] if "\n" not in form else lines
    return lines


def _csv(c: Composer, tolds: list[_Told]) -> list[str]:
    shown = [t for t in tolds if t.surface and t.label]
    separator = c.rng.choice([",", ";", " | ", "\t"])
    return [separator.join(t.label.lower() for t in shown), separator.join(t.surface for t in shown)]


def _text(c: Composer, kind: Kind, tolds: list[_Told]) -> str:
    rng = c.rng
    flat = [t for t in tolds if not t.block]
    roll = rng.random()
    if kind.name == "form":
        roll = roll * 0.6 + 0.3
    if roll < 0.55:
        lines = _prose(c, flat)
    elif roll < 0.8:
        lines = _blocks(c, flat)
    elif roll < 0.84 and len(flat) > 2 and all(t.surface and t.label for t in flat):
        lines = _csv(c, flat)
    else:
        cut = rng.randint(0, len(flat))
        lines = _prose(c, flat[:cut]) + _blocks(c, flat[cut:])
    for t in tolds:
        if t.block:
            lines.insert(rng.choice([len(lines), len(lines), rng.randint(0, len(lines))]), t.block)
    if rng.random() < 0.35 and kind.opening.of(c.held_out):
        lines.insert(0, rng.choice(kind.opening.of(c.held_out)))
    if rng.random() < 0.15:
        lines.append(_capital(rng.choice(NOISE.of(c.held_out))) + ".")
    gap = rng.choice(["\n", "\n", "\n", "\n\n"])
    text = gap.join(lines) if rng.random() < 0.9 else " ".join(lines)
    if rng.random() < 0.1:
        text = _mail(c) + text
    return text.replace("\0", "")


def _mail(c: Composer) -> str:
    """Header lines of an e-mail, as a distraction."""
    lines = [
        f"From: {c.values.name().surface} <{c.values.email().surface}>",
        f"Subject: {c.values.title().surface}",
    ]
    if c.rng.random() < 0.5:
        lines.insert(1, f"To: {c.values.email().surface}")
    if c.rng.random() < 0.3:
        lines.append(f"Date: {c.values.date().surface}")
    return "\n".join(lines) + "\n\n"


def _mail_tolds(c: Composer) -> tuple[list[_Told], str]:
    """The same headers, asked for."""
    v, rng = c.values, c.rng
    name, email, to, subject, date = (
        v.name().surface,
        v.email().surface,
        v.email().surface,
        v.title().surface,
        v.date(),
    )
    tolds = [
        _Told(c.style("subject"), {"type": "string"}, subject),
        _Told(c.style("to"), {"type": "string"}, to),
    ]
    if rng.random() < 0.5:
        tolds += [
            _Told(c.style("from_name"), {"type": "string"}, name),
            _Told(c.style("from_email"), {"type": "string"}, email),
        ]
    else:
        tolds.append(
            _Told(
                c.style(rng.choice(["from", "sender"])),
                {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "email": {"type": "string"}},
                    "required": ["name", "email"],
                },
                {"name": name, "email": email},
            )
        )
    lines = [f"From: {name} <{email}>", f"To: {to}", f"Subject: {subject}"]
    if rng.random() < 0.5:
        lines.append(f"Date: {date.surface}")
        schema, answer = c.scalar(date, "date")
        tolds.append(_Told(c.style("date"), schema, answer))
    rng.shuffle(tolds)
    return tolds[: rng.randint(1, len(tolds))], "\n".join(lines) + "\n\n"


def document(rng: random.Random, held_out: bool = False) -> Document:
    """One document of a random kind."""
    c = Composer(rng, held_out)
    kind = rng.choice(KINDS) if rng.random() < 0.82 else Kind("form", form_facts(c.values))
    entries, missing = _select(c, kind)
    rng.shuffle(entries)
    tolds = [t for entry in entries for t in _told(c, entry)]
    text = _text(c, kind, tolds)
    taken: set[str] = set()
    asked = []
    wanted = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9])
    for told in rng.sample(tolds, len(tolds)) if rng.random() < 0.8 else tolds:
        if told.key not in taken and len(asked) < wanted:
            taken.add(told.key)
            asked.append(told)
    if rng.random() < 0.5:
        asked.sort(key=tolds.index)
    for entry in missing:
        for told in _told(c, entry)[:1]:
            if told.key not in taken:
                taken.add(told.key)
                told.answer = _ABSENT
                asked.insert(rng.randint(0, len(asked)), told)
    if rng.random() < 0.05:
        mail, header = _mail_tolds(c)
        text = header + text
        asked = [m for m in mail if m.key not in taken] + asked
    plain = asked[0].schema.get("type") in ("string", "integer", "number", "boolean") if asked else True
    if (
        len(asked) == 1
        and asked[0].answer is not _ABSENT
        and (not plain or len(tolds) == 1)
        and rng.random() < 0.4
    ):
        return Document(kind.name, asked[0].schema, text, asked[0].answer, c.used)
    schema, answer = c.object(asked)
    return Document(kind.name, schema, text, answer, c.used)


__all__ = ["Composer", "Document", "document"]
