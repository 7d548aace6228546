"""What deploy/demo/traffic.yaml says of the people who talk to the demo tenants, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.core.errors import InvalidInput, InvalidSetting
from components.helpdesk.tenant_config import Weekday

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Texts = Annotated[tuple[str, ...], Field(min_length=1)]
Wish = Literal["question", "gap", "order_status", "refund", "talk", "person", "foreign"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Persona(_Part):
    """typing: seconds for a message. waits: minutes for a person. more: share who ask something else, too."""

    name: str
    weight: Weight
    patience: int = Field(ge=0, le=10)
    person: Share
    thanks: Share
    rates: Share
    thumbs: Share
    more: Share
    returns: Share
    typing: float = Field(gt=0)
    waits: float = Field(gt=0)


class Asked(_Part):
    """words: a part of what the bot asks, in lower case."""

    words: str
    says: Texts
    satisfied: tuple[str, ...] = ()


class Shift(_Part):
    """Hours of the tenant's day."""

    days: tuple[Weekday, ...]
    begins: int = Field(alias="from", ge=0, le=23)
    ends: int = Field(alias="to", ge=1, le=24)


class Staff(_Part):
    """reads, writes: seconds."""

    shifts: Annotated[tuple[Shift, ...], Field(min_length=1)]
    reads: float = Field(gt=0)
    writes: float = Field(gt=0)
    silent: Share
    transfer: Share
    note: Share
    approves: Share
    canned: dict[Literal["hello", "sorry", "checked", "closing", "absent"], str]
    answers: Texts
    notes: Texts
    replies: Texts
    ticket: str


class OrderKind(_Part):
    """number, customer: made of {day}, the day's number, and {of_day}."""

    number: str
    customer: str
    item: str
    states: Texts
    prices: Annotated[tuple[float, ...], Field(min_length=1)]


class Incident(_Part):
    """times: as many as usual come, in these hours of this day of every so many weeks."""

    weekday: Weekday
    every_weeks: int = Field(ge=1, le=52)
    begins: int = Field(alias="from", ge=0, le=23)
    hours: int = Field(ge=1, le=24)
    times: float = Field(ge=1, le=50)
    says: Texts


class TenantScript(_Part):
    """evaluation: a folder in BEIR's layout, from the file's own."""

    evaluation: str
    order: OrderKind
    gaps: Annotated[tuple[Texts, ...], Field(min_length=1)]
    foreign: Texts
    incident: Incident | None = None


class Comments(_Part):
    good: Texts
    bad: Texts


class Script(_Part):
    hours: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)]
    weekdays: dict[Weekday, Weight]
    channels: dict[str, Weight]
    vip: Share
    wishes: dict[Wish, Weight]
    personas: Annotated[tuple[Persona, ...], Field(min_length=1)]
    first_names: Texts
    last_names: Texts
    greetings: Texts
    thanks: Texts
    again: Texts
    ask_person: Texts
    no_person: Texts
    nudges: Texts
    comments: Comments
    asked: tuple[Asked, ...]
    refused: str
    staff: Staff
    tenants: dict[str, TenantScript]

    def of(self, domain: str) -> TenantScript:
        """Raises InvalidInput for a tenant that the file does not speak of."""
        try:
            return self.tenants[domain]
        except KeyError:
            raise InvalidInput(
                f"{domain}: traffic.yaml has customers of {', '.join(sorted(self.tenants))}: add a tenant of this name",
                field="tenant",
            ) from None


def read_script(file: Path) -> Script:
    """Raises InvalidSetting, naming what is wrong where."""
    try:
        return Script.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise InvalidSetting(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise InvalidSetting(f"{file}: {where}: {first['msg']}") from error
