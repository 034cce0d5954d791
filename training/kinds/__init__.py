"""The kinds of documents of the generator."""

from training.kinds import business, events, everyday, people, products, technical, work

KINDS = business.KINDS + products.KINDS + people.KINDS + work.KINDS + events.KINDS + technical.KINDS + everyday.KINDS
