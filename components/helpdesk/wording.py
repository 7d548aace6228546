"""What the helpdesk itself says, in the customers' languages: plain, and never more than it has done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import yaml

from components.core.errors import InvalidInput

WordingKey = Literal[
    "only_in_language",
    "only_goes_on_in",
    "dont_know",
    "handover",
    "added_for_colleague",
    "withdrawn",
    "agent_joined",
    "back_in_queue",
    "passed_on",
    "with_assistant_again",
    "resolved",
    "reopened",
    "you_are_welcome",
    "queue_position",
    "nobody_free",
    "out_of_hours",
    "no_opening",
    "nobody_here_until",
    "nobody_here",
    "closed_with_ticket",
    "ticket_kept",
    "ticket_done",
    "apology",
    "apology_handover",
    "too_long",
    "could_not_read",
    "files_not_taken",
    "not_understood",
    "rephrase",
    "started_over",
    "flow_left",
    "flow_left_undone",
    "nothing_under_way",
    "corrected",
    "back_to",
    "gave_up",
    "work_failed",
    "work_approval",
    "work_goes_on",
    "work_done",
    "cannot_look_up",
    "anything_else",
    "one_at_a_time",
    "preparing",
    "busy",
    "lost_thread",
    "misfit_text",
    "misfit_too_long",
    "misfit_integer",
    "misfit_number",
    "misfit_email",
    "misfit_date",
    "misfit_yes_no",
    "misfit_choice",
    "misfit_pattern",
    "misfit_minimum",
    "misfit_maximum",
    "yes",
    "no",
]
KEYS: tuple[WordingKey, ...] = get_args(WordingKey)
# What stands in braces, by key, in alphabetical order; the others take nothing.
VALUES: Mapping[str, str] = MappingProxyType(
    {
        "only_in_language": "language",
        "only_goes_on_in": "language",
        "corrected": "value",
        "agent_joined": "name",
        "resolved": "name",
        "queue_position": "position",
        "nobody_free": "ticket",
        "out_of_hours": "opening ticket",
        "no_opening": "ticket",
        "nobody_here_until": "opening",
        "closed_with_ticket": "ticket",
        "ticket_kept": "ticket",
        "ticket_done": "ticket",
        "too_long": "longest",
        "misfit_too_long": "allowed",
        "misfit_minimum": "allowed",
        "misfit_maximum": "allowed",
        "misfit_choice": "allowed",
    }
)
DEFAULT = "en"
# Read by whoever writes the other one, and better than English.
_NEAREST = {"nb": "da"}
_FOLDER = Path(__file__).parent / "wordings"
_NAMES = "languages"
# Monday first.
_WEEKDAYS = "weekdays"


@dataclass(frozen=True)
class _Wording:
    texts: Mapping[str, str]
    names: Mapping[str, str]
    weekdays: Sequence[str]


@cache
def languages() -> tuple[str, ...]:
    """Those there is a wording in, as ISO 639-1."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def say(key: WordingKey, language: str | None, /, **values: str) -> str:
    """The text in this language, in English where there is none in it. values: what VALUES names for the key.

    Raises InvalidInput for an unknown key or values that do not fit it.

    >>> say("misfit_choice", "de", allowed="Rot, Blau")
    'Bitte wählen Sie eines davon: Rot, Blau.'
    """
    if key not in KEYS:
        raise InvalidInput(f"wording {key!r}: allowed is one of {', '.join(KEYS)}", field="key")
    needed = VALUES[key].split() if key in VALUES else []
    if sorted(values) != needed:
        raise InvalidInput(
            f"wording {key!r} with {', '.join(values) or 'no value'}: {', '.join(needed) or 'none'} is needed",
            field="values",
        )
    text = _wording(language).texts[key]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def only_in(answered: str, language: str | None) -> str:
    """ "I can only answer in …; this is what I found:" for a customer who writes in `language`. answered: the language
    that the answer is in."""
    return say("only_in_language", language, language=_name(answered, language))


def only_goes_on_in(spoken: str, language: str | None) -> str:
    """ "I can only go on in …." for a customer who writes in `language`. spoken: the language that flows speak."""
    return say("only_goes_on_in", language, language=_name(spoken, language))


def moment_in(at: datetime, time_zone: str, language: str | None) -> str:
    """A day and a time as everybody reads them alike, the weekday in the customer's language.

    >>> moment_in(datetime(2026, 11, 30, 8, tzinfo=UTC), "Europe/Vienna", "de")
    '2026-11-30 (Montag) 09:00 CET'
    """
    local = at.astimezone(ZoneInfo(time_zone))
    zone = local.tzname() or ""
    # Zones without an abbreviation of their own go by their offset: `-03`.
    name = f"UTC{zone}" if zone[:1] in "+-" else zone
    return f"{local:%Y-%m-%d} ({_wording(language).weekdays[local.weekday()]}) {local:%H:%M} {name}".strip()


def _name(spoken: str, language: str | None) -> str:
    return _wording(language).names.get(spoken, spoken)


def _wording(language: str | None) -> _Wording:
    asked = _NEAREST.get(language or DEFAULT, language or DEFAULT)
    return _read(asked if asked in languages() else DEFAULT)


@cache
def _read(language: str) -> _Wording:
    content: dict[str, Any] = yaml.safe_load((_FOLDER / f"{language}.yaml").read_text("utf-8"))
    names = content.pop(_NAMES)
    weekdays = tuple(content.pop(_WEEKDAYS))
    return _Wording(MappingProxyType(content), MappingProxyType(names), weekdays)
