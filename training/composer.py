"""Tell facts: choose names, types, labels and phrases, and render each property of a document."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

from training.kinds.base import GENERIC, Choice, Fact, Group, Listing, Records, Texts
from training.values import Value, Values

_GENERIC = Texts.parse(
    """the @ is {}|@: {}|@ {}|its @ is {}|@ = {}|with @ {}|the @ was {}|({} is the @)|{} as @|{} ({@})
        |for the @ we have {}|the @ reads {}|my @ is {}|our @ is {}|your @: {}|@ - {}|(@ {})|(@: {})|@ of {}
        |and the @ is {}|the @ would be {}|a @ of {}|{} is its @|please note the @ {}|@: "{}"|the @ here is {}
        |set the @ to {}|the @ should be {}|{} for the @|@ is {}|@ was {}|@ => {}|this has the @ {}|whose @ is {}
        // the @ being {}|as to the @, it is {}
        |we noted {} as the @|on the @: {}""".replace("({@})", "(@)")
).plus(GENERIC)
_STRANGE = (0.06, 0.6)  # share of phrases told in unknown words: in most documents of the training split, in some
_WORD = re.compile(r"\{\w*\}|[^\W\d_]{3,}")
_WRAP = ("", "", "", "", '"', "'", "*", "**", "`")


@dataclass
class Told:
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
        self.strange = 0.0 if held_out else _STRANGE[rng.random() < 0.2]
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

    def estranged(self, text: str) -> str:
        """Now and then, in training, the same text in invented words: what it introduces is then known only by its
        form and by what else is told and asked, as with the phrasings of a stranger."""
        if self.rng.random() >= self.strange:
            return text
        return _WORD.sub(lambda found: self._invented(found[0]), text)

    def _invented(self, word: str) -> str:
        if word.startswith("{") or self.rng.random() < 0.3:
            return word
        made = self.values.pseudo()
        return made if word.islower() else made.capitalize()

    # entries
    def fact(self, entry: Fact) -> Told:
        value = entry.make(self.values)
        key = self.key(entry.keys)
        schema, answer = self.scalar(value, key)
        label = self.estranged(self.pick(entry.labels))
        if self.rng.random() < 0.22:
            noun = self.rng.choice(entry.labels.train)
            phrase = self.pick(_GENERIC).replace("@", noun if noun.isupper() else noun.lower())
        else:
            phrase = self.estranged(self.pick(entry.phrases))
        quote = self.rng.choice(_WRAP) if self.rng.random() < 0.25 else ""
        return Told(key, schema, answer, label, value.surface, _fill(phrase, quote + value.surface + quote))

    def choice(self, entry: Choice) -> Told:
        meaning = self.rng.choice(list(entry.phrases))
        key, label, phrase = self.key(entry.keys), self.pick(entry.labels), self.pick(entry.phrases[meaning])
        if entry.boolean:
            yes = meaning == "true"
            surface = self.rng.choice(
                ("yes", "true", "Yes", "yes", "y", "✓", "on") if yes else ("no", "false", "No", "no", "n", "✗", "off")
            )
            if self.rng.random() < 0.12:
                phrase = f"{label.lower()}: {surface}"
            return Told(key, {"type": "boolean"}, yes, label, surface, phrase)
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
        return Told(key, schema, answer, label, surface, phrase)

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

    def listing(self, entry: Listing) -> Told:
        items = list(
            dict.fromkeys(entry.make(self.values).surface for _ in range(self.rng.choice([1, 2, 2, 3, 3, 4, 5])))
        )
        label, phrase = self.estranged(self.pick(entry.labels)), self.estranged(self.pick(entry.phrases))
        surface = self.joined(items)
        if surface.startswith("#"):
            items = surface[1:].split(" #")
        told = Told(
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

    def group(self, entry: Group) -> list[Told]:
        """One nested object, or several flat fields."""
        layout = self.estranged(self.pick(entry.phrases))
        head, nested = self.key(entry.keys), self.rng.random() < 0.7
        tolds, shown = [], layout
        for name in self._parts(entry, layout):
            part = entry.parts[name]
            value = part.make(self.values)
            shown = ("\0" if shown.startswith("{" + name) else "") + shown.replace("{" + name + "}", value.surface, 1)
            raw = self.rng.choice(part.keys[:2]) if self.rng.random() < 0.3 else part.keys[0]
            key = self.style(raw if nested else f"{entry.keys[0]}_{raw}")
            schema, answer = self.scalar(value, key)
            tolds.append(Told(key, schema, answer))
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
            tolds.append(Told(self.style(part.keys[0]), {"type": "string"}, ABSENT))
        schema, answer = self.object(tolds)
        return [Told(head, schema, answer, phrase=shown)]

    def records(self, entry: Records, single: bool = False) -> Told:
        layout = self.pick(entry.lines)
        names = self._parts(entry, layout)
        kept = [n for n in names if len(names) == 1 or self.rng.random() < 0.92] or names[:1]
        if self.rng.random() < 0.3:
            self.rng.shuffle(kept)
        keys = {
            n: self.style(entry.parts[n].keys[min(int(self.rng.expovariate(0.9)), len(entry.parts[n].keys) - 1)])
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
        told = Told(self.key(entry.keys), {"type": "array", "items": item}, rows, "Items", "; ".join(lines))
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
    def object(self, tolds: list[Told]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Schema and answer; absent facts become null or are omitted."""
        properties: dict[str, Any] = {}
        answer: dict[str, Any] = {}
        optional_all = self.rng.random() < 0.12
        required = []
        for told in tolds:
            schema = told.schema
            absent = told.answer is ABSENT
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


ABSENT = object()
