"""The kinds of documents of the generator."""

from training.kinds import business, events, people, technical

KINDS = business.KINDS + people.KINDS + events.KINDS + technical.KINDS
