"""What tells who somebody is, taken out of a text before it is kept as a question for evaluation.

By rules that give the same result every time: addresses, numbers with their check digits, references, and the names
that the conversation itself knows. They do not know every name there is: a person reviews what is left.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Protocol

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,34}")
_DIGITS = re.compile(r"(?<![\w+])[+(]?[0-9](?:[ ()/.-]{0,2}[0-9])+(?!\w)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}")
_REFERENCE = re.compile(r"(?<!\w)(?:[A-Za-z]{1,6}[-–_/#]?[0-9][0-9-]{3,}|#[0-9]{2,})(?!\w)")
_INTRODUCED = re.compile(
    r"\b(my name is|i am called|this is|ich hei(?:ß|ss)e|mein name ist|je m'appelle|me llamo|mi chiamo)"
    r"\s+[^\W\d_][\w'-]+(?:\s+[A-ZÀ-Þ][\w'-]+)?",
    re.IGNORECASE,
)
_LONGEST_IBAN, _SHORTEST_IBAN = 34, 15
_CARD_DIGITS, _PHONE_DIGITS = range(13, 20), range(6, 16)
# Keys of a customer's values that hold what tells who they are.
_TELLING = re.compile(
    r"name|mail|phone|mobile|street|address|iban|card|customer|account|(^|_)id$|number", re.IGNORECASE
)
_SHORTEST_NAME = 3


class PersonalDataRemover(Protocol):
    """Text in, text without personal data out; the same for the same."""

    def remove(self, text: str, known: Collection[str] = ()) -> str:
        """known: what is known of the person, such as their name. Removing twice is removing once."""
        ...


class RuleBasedRemover:
    """Puts [e-mail], [IBAN], [card], [phone], [number] and [name] in place of what it finds."""

    def remove(self, text: str, known: Collection[str] = ()) -> str:
        """As PersonalDataRemover says."""
        text = _IBAN.sub(_iban, _EMAIL.sub("[e-mail]", text))
        text = _DIGITS.sub(_number, _REFERENCE.sub("[number]", text))
        for value in sorted({each.strip() for each in known if each.strip()}, key=len, reverse=True):
            mark = "[number]" if any(sign.isdigit() for sign in value) else "[name]"
            text = re.sub(rf"(?<![\w\[]){re.escape(value)}(?!\w)", mark, text, flags=re.IGNORECASE)
        return _INTRODUCED.sub(lambda found: f"{found.group(1)} [name]", text)


def known_of(customer: Mapping[str, Any]) -> set[str]:
    """What a conversation knows of its customer that tells who they are; of names also each part."""
    known: set[str] = set()
    for key, value in customer.items():
        text = str(value).strip()
        if isinstance(value, bool) or not isinstance(value, str | int) or not _TELLING.search(key):
            continue
        if len(text) >= _SHORTEST_NAME:
            known.add(text)
        if "name" in key.lower():
            known.update(part for part in text.split() if len(part) >= _SHORTEST_NAME)
    return known


def _iban(found: re.Match[str]) -> str:
    """The longest beginning whose check digits are right; words that follow it stay."""
    text = found.group()
    ends = [place for place in range(len(text), 0, -1) if place == len(text) or not text[place].isalnum()]
    for end in (*ends, *range(len(text), 0, -1)):
        compact = re.sub(r"[ -]", "", text[:end]).upper()
        if _SHORTEST_IBAN <= len(compact) <= _LONGEST_IBAN and _is_iban(compact):
            return "[IBAN]" + text[end:]
    return text


def _is_iban(compact: str) -> bool:
    """ISO 13616: the remainder modulo 97 of the digits, letters counting from A = 10, is 1."""
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def _is_card(digits: str) -> bool:
    """Luhn's check digit (ISO/IEC 7812-1)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return len(digits) in _CARD_DIGITS and sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _number(found: re.Match[str]) -> str:
    text = found.group()
    digits = re.sub(r"\D", "", text)
    if _DATE.fullmatch(text):
        return text
    if _is_card(digits):
        return "[card]"
    if len(digits) in _PHONE_DIGITS:
        return "[phone]" if text[0] in "+(0" else "[number]"
    return "[number]" if len(digits) > _PHONE_DIGITS[-1] else text
