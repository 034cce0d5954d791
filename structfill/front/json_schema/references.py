"""Where references lead: pointers, identifiers and anchors inside the given documents. Nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import jsonschema_specifications

from ...errors import SpecError, UnsupportedFeature
from .dialect import Dialect, dialect_of, subschemas
from .document import check_size
from .pointers import escape, member, tokens_of

RECURSIVE = ""  # stands for the one anchor of $recursiveAnchor


@dataclass
class Resource:
    """A schema with a URI of its own. Places are JSON pointers; in other documents they begin with its URI and #."""

    pointer: str
    uri: str
    dialect: Dialect
    anchors: dict[str, str] = field(default_factory=dict)
    dynamic: dict[str, str] = field(default_factory=dict)


class References:
    """The schemas of a document (place ""), of others that were given, and of the public metaschemas."""

    def __init__(self, root: Any, documents: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        self._resources: dict[str, Resource] = {}  # by place
        self._by_uri: dict[str, Resource] = {}
        self._add(root, "", "")
        self._unread = {urldefrag(uri).url: schema for uri, schema in documents.items()}
        self.read: dict[str, Any] = {}  # documents that were looked into, by URI

    def resource_of(self, place: str) -> Resource:
        """The resource that a place belongs to."""
        while place not in self._resources:
            place = place.rpartition("/")[0]
        return self._resources[place]

    def schema_at(self, place: str) -> Any:
        """The schema at the place of an anchor."""
        return self._values[place]

    def resolve(self, ref: str, place: str, key: str = "$ref") -> tuple[Any, str]:
        """(schema, place) to which `ref`, under `key` of the schema at `place`, leads.

        Raises `UnsupportedFeature` for what is in none of the documents, `SpecError` for what is not there."""
        base = self.resource_of(place).uri
        uri, fragment = (base, ref[1:]) if ref.startswith("#") else urldefrag(urljoin(base, ref))
        resource = self._find(uri)
        if resource is None:
            raise UnsupportedFeature(key, f"{key} {ref!r} leads to none of the given documents; nothing is fetched",
                                     pointer=f"{place}/{key}", hint="pass the document in documents={uri: schema}")
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            if fragment not in resource.anchors:
                raise SpecError(f"{key} {ref!r} leads nowhere: there is no anchor {fragment!r}",
                                pointer=f"{place}/{key}")
            target = resource.anchors[fragment]
            return self._values[target], target
        try:
            return self._walk(resource, fragment)
        except LookupError as missing:
            raise SpecError(f"{key} {ref!r} leads nowhere: {missing.args[0]!r} is not there",
                            pointer=f"{place}/{key}") from None

    def _walk(self, resource: Resource, fragment: str) -> tuple[Any, str]:
        """The value at a JSON pointer. Raises `LookupError` with the name that is missing."""
        value, target = self._values[resource.pointer], resource.pointer
        for name in tokens_of(fragment):
            value, target = member(value, name), f"{target}/{escape(name)}"
        return value, target

    def _find(self, uri: str) -> Resource | None:
        if uri in self._by_uri:
            return self._by_uri[uri]
        if uri in self._unread:
            self._read(uri)
        elif known := jsonschema_specifications.REGISTRY.get(uri) or jsonschema_specifications.REGISTRY.get(uri + "#"):
            self._add(known.contents, f"{uri}#", uri)
        for other, document in [*self._unread.items()]:
            if uri in self._by_uri:
                break
            if _may_hold(document, uri):
                self._read(other)
        return self._by_uri.get(uri)

    def _read(self, uri: str) -> None:
        """Note the schemas of a given document. Raises `TooLarge` where it nests too deep."""
        self.read[uri] = self._unread.pop(uri)
        check_size(self.read[uri])
        self._add(self.read[uri], f"{uri}#", uri)

    def _add(self, schema: Any, place: str, uri: str) -> None:
        """Note all schemas of a document."""
        top = Resource(place, uri, dialect_of(schema))
        self._resources[place] = top
        self._by_uri.setdefault(uri, top)
        self._values[place] = schema
        waiting: list[tuple[Any, str, Resource]] = [(schema, place, top)]
        while waiting:
            value, at, resource = waiting.pop()
            if not isinstance(value, dict):
                continue
            resource = self._named(value, at, resource)
            self._values[at] = value
            waiting += [(part, "/".join([at, *map(escape, path)]), resource) for path, part in subschemas(value)]

    def _named(self, schema: dict[str, Any], place: str, resource: Resource) -> Resource:
        """The resource that `schema` is in, or begins; its anchors are noted."""
        dialect = resource.dialect
        name = schema.get("id" if dialect == Dialect.DRAFT4 else "$id")
        if "$ref" in schema and dialect <= Dialect.DRAFT7:
            return resource
        if isinstance(name, str):
            uri, fragment = urldefrag(urljoin(resource.uri, name))
            if name.startswith("#") and dialect <= Dialect.DRAFT7:
                resource.anchors.setdefault(fragment, place)
            elif place == resource.pointer:
                resource.uri = uri
                self._by_uri.setdefault(uri, resource)
            else:
                resource = Resource(place, uri, dialect_of(schema) if "$schema" in schema else dialect)
                self._resources[place] = resource
                self._by_uri.setdefault(uri, resource)
            if fragment and dialect <= Dialect.DRAFT7:
                resource.anchors.setdefault(fragment, place)
        for key, since in (("$anchor", Dialect.DRAFT2019), ("$dynamicAnchor", Dialect.DRAFT2020)):
            if dialect >= since and isinstance(schema.get(key), str):
                resource.anchors.setdefault(schema[key], place)
        if dialect >= Dialect.DRAFT2020 and isinstance(schema.get("$dynamicAnchor"), str):
            resource.dynamic.setdefault(schema["$dynamicAnchor"], place)
        if dialect == Dialect.DRAFT2019 and schema.get("$recursiveAnchor") is True:
            resource.dynamic.setdefault(RECURSIVE, resource.pointer)
        return resource


def _may_hold(document: Any, uri: str) -> bool:
    """False where no schema in a document can have this URI: none has an identifier with the same last step."""
    waiting, last, seen = [document], _last_step(uri), set[int]()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, (dict, list)) or id(value) in seen:  # Python objects may hold each other
            continue
        seen.add(id(value))
        waiting += value.values() if isinstance(value, dict) else value
        names = (value.get("$id"), value.get("id")) if isinstance(value, dict) else ()
        if any(isinstance(name, str) and _last_step(name) in (last, "", ".", "..") for name in names):
            return True
    return False


def _last_step(uri: str) -> str:
    """What stands behind the last slash of a path; "" if the identifier has no path of its own."""
    return urldefrag(uri).url.partition("?")[0].rpartition("/")[2]
