"""What a tenant may say in its config_json, and what holds where it says nothing."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, ValidationInfo, field_validator

from components.core.errors import InvalidInput
from components.core.languages import language_name
from components.helpdesk.actions_config import ActionsConfig, CredentialConfig, CredentialName, ToolName, ToolRules
from components.helpdesk.channel_config import ChannelsConfig
from components.helpdesk.storable import storable
from components.helpdesk.ticket_config import SlaConfig, TicketWebhookConfig

COLOUR = r"^#[0-9a-fA-F]{6}$"
LONGEST_CONFIG = 64_000
# Kept and not read here: section 2.1 of the design names the first, and the last is the operator's own.
OTHERS_KEYS = ("connectors", "extra")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OpeningTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
TeamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,49}$")]
ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$")]


class Branding(BaseModel):
    """How the customer chat looks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary_color: str = Field(default="#2b4c7e", pattern=COLOUR)
    accent_color: str = Field(default="#c8652b", pattern=COLOUR)
    logo_text: str = Field(default="", max_length=40)


class PeriodBudget(BaseModel):
    """The most that one day or month may cost; what is left out is without limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    money: Decimal | None = Field(default=None, ge=0, lt=10**9, allow_inf_nan=False)
    tokens: StrictInt | None = Field(default=None, ge=0, lt=10**15)


class BudgetConfig(BaseModel):
    """What language models may cost, in the currency of the models file; days and months are UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    daily: PeriodBudget = PeriodBudget()
    monthly: PeriodBudget = PeriodBudget()
    soft: float = Field(default=0.8, gt=0, le=1, description="Share of a budget past which cheaper models go first.")


class EvaluationConfig(BaseModel):
    """judge: the language model that is asked what it thinks of answers wherever an index or a prompt is measured; none
    = nobody is, for it costs two calls an answer. One of high_accuracy_model and models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    judge: ModelName | None = None


class NluConfig(BaseModel):
    """Who understands the tenant's customers. engine: `best` is the one that cross-validation found, the other one
    stands in; `rasa` and `local` put that one first. threshold: below it a message counts as not understood; none =
    what training found. rasa_url: the tenant's own Rasa server, which serves the tenant's own NLU project."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["best", "rasa", "local"] = "best"
    threshold: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    rasa_url: str | None = Field(default=None, max_length=500)

    @field_validator("rasa_url")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.port == 0
            or parts.query
            or parts.fragment
        ):
            raise ValueError("an http:// or https:// address without query is allowed")
        return value.rstrip("/")


class HandoverConfig(BaseModel):
    """When people answer, and how long customers wait for them.

    hours: opening times by day, such as `mon: [09:00-12:30, 13:30-17:00]`, in time_zone; none = always open, a day that
    is left out = closed. wait_minutes: after which a waiting customer is told that nobody is free, and gets a ticket.
    silent_minutes: after which a conversation whose agent does not answer is put back into the queue. reopen_hours: in
    which a customer who writes again reaches those who had resolved it, and a resolved ticket may be opened again.
    idle_hours: after which a silent one is closed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: str = "UTC"
    hours: dict[Weekday, tuple[OpeningTime, ...]] | None = None
    holidays: tuple[date, ...] = Field(default=(), max_length=400)
    wait_minutes: float = Field(default=10.0, gt=0, le=10_080)
    silent_minutes: float = Field(default=10.0, gt=0, le=10_080)
    reopen_hours: float = Field(default=72.0, ge=0, le=8760)
    idle_hours: float = Field(default=24.0, gt=0, le=8760)
    teams: tuple[TeamName, ...] = Field(default=(), max_length=50)

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("a name of the IANA time zone database is allowed, such as Europe/Vienna") from error
        return value

    @field_validator("hours")
    @classmethod
    def _in_order(cls, value: dict[Weekday, tuple[str, ...]] | None) -> dict[Weekday, tuple[str, ...]] | None:
        for day, spans in (value or {}).items():
            ends = "00:00"
            for span in spans:
                start, _, end = span.partition("-")
                if not ends <= start < end:
                    raise ValueError(f"{day} {span}: each span begins before it ends and after the one before it")
                ends = end
        return value


class TenantConfig(BaseModel):
    """The keys of config_json that this version reads; what stands beside them is passed over."""

    model_config = ConfigDict(extra="allow", frozen=True)

    branding: Branding = Branding()
    greeting: str = Field("Hello! How can I help?", min_length=1, max_length=500)
    contact: str = Field("", max_length=500, description="What a customer can do when the helpdesk does not know.")
    example_questions: tuple[str, ...] = Field((), max_length=8)
    high_accuracy_model: ModelName | None = Field(None, description="The language model that is asked first.")
    models: tuple[ModelName, ...] | None = Field(
        None, max_length=20, description="Those asked next, in order; none = the operator's local ones."
    )
    budget: BudgetConfig = BudgetConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    nlu: NluConfig = NluConfig()
    handover: HandoverConfig = HandoverConfig()
    slas: SlaConfig = SlaConfig()
    ticket_webhook: TicketWebhookConfig | None = None
    channels: ChannelsConfig = ChannelsConfig()
    tools: dict[ToolName, ToolRules] = Field({}, max_length=500, description="Rules of tools, by their names.")
    actions: ActionsConfig = ActionsConfig()
    credentials: dict[CredentialName, CredentialConfig] = Field({}, max_length=200, description="Of workflows' nodes.")
    language: str = Field("en", description="ISO 639-1 code of what the tenant's knowledge is written in.")

    @field_validator("evaluation")
    @classmethod
    def _may_judge(cls, value: EvaluationConfig, info: ValidationInfo) -> EvaluationConfig:
        first, others = info.data.get("high_accuracy_model"), info.data.get("models")
        if value.judge is None or value.judge == first or others is None or value.judge in others:
            return value
        allowed = ", ".join(dict.fromkeys(name for name in (first, *others) if name)) or "none, since it names no model"
        raise ValueError(f"judge {value.judge!r} is no model that this tenant may use: {allowed}")

    @field_validator("language")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            language_name(value)
        except InvalidInput as error:
            raise ValueError(error.message.partition(": ")[2]) from error
        return value


def config_schema() -> dict[str, Any]:
    """JSON Schema of a tenant's configuration, draft 2020-12."""
    return TenantConfig.model_json_schema()


def tools_schema() -> dict[str, Any]:
    """JSON Schema of its part that says what may be done: `actions` and `tools`."""
    schema = config_schema()
    parts = {name: schema["properties"][name] for name in ("actions", "tools")}
    return {"type": "object", "properties": parts, "additionalProperties": False, "$defs": schema["$defs"]}


def validate_config(config: dict[str, Any]) -> dict[str, Any]:
    """`config` as it came, once it is known to be good. Raises InvalidInput naming key and value."""
    read_config(config)
    allowed = (*TenantConfig.model_fields, *OTHERS_KEYS)
    unknown = [key for key in config if key not in allowed]
    if unknown:
        near = get_close_matches(str(unknown[0]), allowed, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InvalidInput(
            f"config.{unknown[0]} is no key: {hint}allowed are {', '.join(allowed)}", field=f"config.{unknown[0]}"
        )
    try:
        text = json.dumps(config, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"config is not JSON: {error}", field="config") from error
    if len(text) > LONGEST_CONFIG:
        raise InvalidInput(
            f"config has {len(text)} characters as JSON: at most {LONGEST_CONFIG} are allowed", field="config"
        )
    # JSON writes U+0000 as an escape, which PostgreSQL refuses all the same.
    storable(text.replace("\\\\", "").replace("\\u0000", "\0"), "config")
    return config


def read_config(config: dict[str, Any]) -> TenantConfig:
    """The configuration with defaults filled in. Raises InvalidInput naming key and value."""
    try:
        return TenantConfig.model_validate(config)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(("config", *(str(part) for part in first["loc"])))
        allowed = _SECTIONS.get(str(first["loc"][0])) if first["type"] == "extra_forbidden" else None
        hint = f"; allowed are {', '.join(_keys(allowed, first['loc'][1:-1]))}" if allowed else ""
        secret = first["loc"][0] in _SECRET_SECTIONS
        given = "" if secret else f"={first.get('input')!r}"
        raise InvalidInput(f"{key}{given}: {first['msg']}{hint}", field=key) from (None if secret else error)


_SECTIONS: dict[str, type[BaseModel]] = {
    "branding": Branding,
    "budget": BudgetConfig,
    "evaluation": EvaluationConfig,
    "nlu": NluConfig,
    "handover": HandoverConfig,
    "slas": SlaConfig,
    "ticket_webhook": TicketWebhookConfig,
    "channels": ChannelsConfig,
    "actions": ActionsConfig,
}
# Where a reference to a secret belongs, somebody may have written the secret.
_SECRET_SECTIONS = ("ticket_webhook", "channels", "credentials")


def _keys(section: type[BaseModel], inside: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed where a section, and what lies within it, was left for an unknown one."""
    for part in inside:
        within = section.model_fields[str(part)].annotation
        found = [each for each in (within, *get_args(within)) if isinstance(each, type) and issubclass(each, BaseModel)]
        section = found[0]
    return [field.alias or name for name, field in section.model_fields.items()]
