"""Formats as languages. What is written may be less than what is accepted: a URI without an IPv6 address in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import idna

from ...automaton.char_dfa import CharDFA
from ...errors import SpecError, TooLarge, UnsupportedFeature
from ..regex import pattern_dfa
from ..regex_syntax import Parser
from .atoms import StringAtom


@dataclass(frozen=True)
class Format:
    """`written` is a pattern of whole strings that belong to the format, `most` one of all strings that may.

    `judge` decides on what is in `most`; without it all of that belongs to the format, without `most` what is written
    is all. `length` bounds what is written, in characters.
    """

    written: str
    most: str | None = None
    judge: Callable[[str], bool] | None = None
    length: int | None = None


# RFC 3339, section 5.6. The year 0000 is left out: Python's own types refuse it.
_MONTH_DAY = (r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
              r"|02-(?:0[1-9]|1\d|2[0-8]))")
_LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
DATE = rf"(?!0000)(?:\d{{4}}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
_UP_TO_SECONDS, _FRACTION = r"(?:[01]\d|2[0-3]):[0-5]\d:", r"(?:\.\d+)?"
CLOCK, ZONE = rf"{_UP_TO_SECONDS}[0-5]\d{_FRACTION}", r"(?:[zZ]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_TIME, _LEAP_TIME = f"{CLOCK}{ZONE}", rf"{_UP_TO_SECONDS}(?:[0-5]\d|60){_FRACTION}{ZONE}"
# RFC 3339, appendix A
_DURATION_TIME = r"T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)"
_DURATION_DATE = r"(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)"
# RFC 2673, section 3.2; RFC 4291, section 2.2
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16 = r"[0-9a-fA-F]{1,4}"
_LAST = rf"(?:{_H16}:{_H16}|{IPV4})"
IPV6 = "|".join([rf"(?:{_H16}:){{6}}{_LAST}", rf"::(?:{_H16}:){{5}}{_LAST}",
                  *(rf"(?:(?:{_H16}:){{0,{n}}}{_H16})?::(?:{_H16}:){{{4 - n}}}{_LAST}" for n in range(5)),
                  rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}", rf"(?:(?:{_H16}:){{0,6}}{_H16})?::"])
# RFC 1123 and RFC 5890
_LABELS = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_LDH = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"{_LABELS}(?:\.{_LABELS})*"
# RFC 5321, section 4.1.2; RFC 6531
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{0}-]+"
_MAILBOX = (r"(?:{atom}(?:\.{atom})*|\"(?:[ !#-\[\]-~{wide}]|\\[ -~])*\")"
            r"@(?:{domain}|\[(?:{ipv4}|IPv6:(?:{ipv6}))\])")
# RFC 3986, appendix A; RFC 3987, section 2.2
_WIDE = ("\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
         + "".join(f"\\u{{{plane:x}0000}}-\\u{{{plane:x}fffd}}" for plane in range(1, 15)))


def _uri(wide: str, literals: bool, scheme: str = r"[A-Za-z][A-Za-z0-9+.-]*:") -> str:
    """The URIs (IRIs, with characters `wide`); `literals`: with IP addresses in brackets. Relative without scheme."""
    kept = rf"[A-Za-z0-9._~!$&'()*+,;={wide}-]"
    part = rf"(?:{kept}|[:@]|%[0-9A-Fa-f]{{2}})"
    plain = rf"(?:{kept}|%[0-9A-Fa-f]{{2}})*"
    address = rf"|\[(?:{IPV6}|[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\]" if literals else ""
    authority = rf"(?:(?:{kept}|:|%[0-9A-Fa-f]{{2}})*@)?(?:{plain}{address})(?::\d*)?"
    first = part if scheme else rf"(?:{kept}|@|%[0-9A-Fa-f]{{2}})"  # a colon would end a scheme
    path = rf"(?://{authority}(?:/{part}*)*|/(?:{part}+(?:/{part}*)*)?|{first}+(?:/{part}*)*|)"
    private = r"\ue000-\uf8ff\u{f0000}-\u{ffffd}\u{100000}-\u{10fffd}" if wide else ""
    return rf"{scheme}{path}(?:\?(?:{part}|[/?{private}])*)?(?:#(?:{part}|[/?])*)?"


def _reference(wide: str, literals: bool) -> str:
    return f"{_uri(wide, literals)}|{_uri(wide, literals, '')}"


_VARIABLE = r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*(?::[1-9]\d{0,3}|\*)?"
_TEMPLATE = (r"(?:[!#$&-;=?@A-Z\[\]_a-z~" + _WIDE + r"]|%[0-9A-Fa-f]{2}"
             rf"|\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\}})*")
_POINTER = r"(?:/(?:[^/~]|~[01])*)*"


def _keeps_time(text: str) -> bool:
    """Is second 60 the last of a day in UTC?"""
    clock = text[-(len(text) - text.upper().find("T") - 1):] if "T" in text.upper() else text
    if clock[6:8] != "60":
        return True
    minutes = int(clock[:2]) * 60 + int(clock[3:5])
    if clock[-1] not in "zZ":
        offset = int(clock[-5:-3]) * 60 + int(clock[-2:])
        minutes += -offset if clock[-6] == "+" else offset
    return minutes % 1440 == 1439


def _is_hostname(text: str) -> bool:
    return len(text) <= 253 and all(len(label) <= 63 and (label[2:4] != "--" or _is_punycode(label))
                                    for label in text.split("."))


def _is_punycode(label: str) -> bool:
    try:
        return label[:4].lower() == "xn--" and bool(idna.ulabel(label))
    except (idna.IDNAError, UnicodeError):
        return False


def _is_international(text: str) -> bool:
    try:
        labels = idna.encode(text).decode().split(".")
        spelled = [idna.ulabel(label) for label in labels]
        if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for label in spelled for char in label):
            return all(idna.check_bidi(label, check_ltr=True) for label in spelled)  # RFC 5893, section 2
    except (idna.IDNAError, UnicodeError):
        return False
    return all(labels)


def _is_regex(text: str) -> bool:
    try:
        Parser(text).parse()
    except UnsupportedFeature as error:  # of ECMA-262, but not for an automaton; others come from other languages
        return error.feature == "back-reference" or error.feature.startswith("\\p")
    except (SpecError, TooLarge):
        return False
    return True


def _mailbox(wide: str) -> str:
    domain = rf"{_LDH}(?:\.{_LDH})*" if not wide else rf"[A-Za-z0-9{wide}](?:[A-Za-z0-9.{wide}-]*[A-Za-z0-9{wide}])?"
    return _MAILBOX.format(atom=_ATOM.format(wide), wide=wide, domain=domain, ipv4=IPV4, ipv6=IPV6)


_ADDRESS = rf"{_ATOM.format('')}(?:\.{_ATOM.format('')})*@{_HOST}"
FORMATS: dict[str, Format] = {
    "date": Format(DATE),
    "time": Format(_TIME, _LEAP_TIME, _keeps_time),
    "date-time": Format(rf"{DATE}[tT]{_TIME}", rf"{DATE}[tT]{_LEAP_TIME}", _keeps_time),
    "duration": Format(rf"P(?:{_DURATION_DATE}(?:{_DURATION_TIME})?|{_DURATION_TIME}|\d+W)"),
    "uuid": Format(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),  # RFC 4122, section 3
    "ipv4": Format(IPV4),
    "ipv6": Format(IPV6),
    "hostname": Format(_HOST, rf"{_LDH}(?:\.{_LDH})*", _is_hostname, 63),
    "idn-hostname": Format(_HOST, r"[^\s]+", _is_international, 63),
    "email": Format(_ADDRESS, _mailbox("")),
    "idn-email": Format(_ADDRESS, _mailbox(r"\u0080-\u{10ffff}")),
    "uri": Format(_uri("", False), _uri("", True)),
    "uri-reference": Format(_reference("", False), _reference("", True)),
    "iri": Format(_uri(_WIDE, False), _uri(_WIDE, True)),
    "iri-reference": Format(_reference(_WIDE, False), _reference(_WIDE, True)),
    "uri-template": Format(_TEMPLATE),
    "json-pointer": Format(_POINTER),  # RFC 6901
    "relative-json-pointer": Format(rf"(?:0|[1-9]\d*)(?:[+-](?:0|[1-9]\d*))?(?:#|{_POINTER})"),
    "regex": Format(r"\^?[A-Za-z0-9 _,:;@/-]*\$?", r"[^]*", _is_regex),
    "base64": Format(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"),  # RFC 4648, section 4
}


@lru_cache(maxsize=len(FORMATS))
def atom(name: str) -> StringAtom:
    """The assertion that a string belongs to a format."""
    found = FORMATS[name]
    written = _whole(found.written)
    if found.length is not None:
        written &= CharDFA.length(0, found.length)
    if found.most is None:
        return StringAtom(written)
    most, judge = _whole(found.most), found.judge
    if judge is None:
        return StringAtom(written, ~most, most.accepts)
    return StringAtom(written, ~most, lambda text: most.accepts(text) and judge(text))


def _whole(pattern: str) -> CharDFA:
    return pattern_dfa(f"^(?:{pattern})$")
