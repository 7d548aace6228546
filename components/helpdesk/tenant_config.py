"""What a tenant may say in its config_json, and what holds where it says nothing."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.core.errors import InvalidInput

COLOUR = r"^#[0-9a-fA-F]{6}$"


class Branding(BaseModel):
    """How the customer chat looks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary_color: str = Field("#2b4c7e", pattern=COLOUR)
    accent_color: str = Field("#c8652b", pattern=COLOUR)
    logo_text: str = Field("", max_length=40)


class TenantConfig(BaseModel):
    """The keys of config_json that this version reads; others are kept for the parts that read them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    branding: Branding = Branding()
    greeting: str = Field("Hello! How can I help?", min_length=1, max_length=500)
    contact: str = Field("", max_length=500, description="What a customer can do when the helpdesk does not know.")
    example_questions: tuple[str, ...] = Field((), max_length=8)


def validate_config(config: dict[str, Any]) -> dict[str, Any]:
    """`config` as it came, once it is known to be good. Raises InvalidInput naming key and value."""
    read_config(config)
    return config


def read_config(config: dict[str, Any]) -> TenantConfig:
    """The configuration with defaults filled in. Raises InvalidInput naming key and value."""
    try:
        return TenantConfig.model_validate(config)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"config {key}={first.get('input')!r}: {first['msg']}", field=key) from error
