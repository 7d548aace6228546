"""Every setting in one declared table, read from the environment once a process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from components.core.errors import InvalidSetting
from components.core.lean_imports import import_when_asked

LAST_PORT = 65535


class Settings(BaseSettings):
    """Each field is the environment variable HELPDESK_<FIELD IN CAPITALS>."""

    model_config = SettingsConfigDict(env_prefix="HELPDESK_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path(".helpdesk"), description="The one folder that holds all state.")
    database_url: SecretStr | None = Field(
        None,
        description="postgresql:// address of a role that may create roles and databases; none = embedded PostgreSQL.",
    )
    host: str = Field("127.0.0.1", description="Address that the API and Dagster's UI listen on.")
    port: int = Field(8080, ge=1, le=LAST_PORT, description="Port of the API and the chat.")
    dagster_port: int | None = Field(
        None, ge=1, le=LAST_PORT, validate_default=True, description="Port of Dagster's UI; none = port + 1."
    )
    dashboards_port: int | None = Field(
        None, ge=1, le=LAST_PORT, validate_default=True, description="Port of the dashboards; none = port + 2."
    )
    lab_port: int | None = Field(
        None, ge=1, le=LAST_PORT, validate_default=True, description="Port of JupyterLab; none = port + 3."
    )
    voila_port: int | None = Field(
        None, ge=1, le=LAST_PORT, validate_default=True, description="Port of the Voila pages; none = port + 4."
    )
    dashboards_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#/]+/?$",
        description="Address at which people reach the dashboards through a proxy; none = host and dashboards_port.",
    )
    api_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address at which the dashboards reach the API; none = host and port.",
    )
    admin_password: str | None = Field(
        None,
        description="Of `admin`, who sees all tenants' dashboards: env:NAME or file:/path; none = kept in data_dir.",
    )
    n8n_url: str | None = Field(
        None, pattern=r"^https?://[^\s?#]+$", description="Address of an n8n that is shown in the dashboards."
    )
    embedder: str = Field(
        "bundled",
        min_length=1,
        description="bundled, a sentence-transformers name or path, or openai:<model> with embeddings_url.",
    )
    embeddings_url: str | None = Field(None, description="Base address of an OpenAI-compatible embeddings endpoint.")
    embeddings_api_key: SecretStr | None = Field(None, description="Key for embeddings_url, where it wants one.")
    pipeline: str = Field("hybrid", min_length=1, description="Name of a shipped pipeline, or the path of a YAML file.")
    chunk_tokens: int = Field(500, ge=32, le=8192, description="Longest chunk; an embedder that reads less lowers it.")
    chunk_overlap: int = Field(32, ge=0, le=512, description="Tokens that a chunk repeats of the one before it.")
    models: Path | None = Field(
        None, description="YAML file that declares the language models; none = answers are extractive."
    )
    redis_url: SecretStr | None = Field(
        None, description="redis:// address for what processes share; none = the bundled server of `helpdesk up`."
    )
    prompt_cache_hours: float = Field(24.0, ge=0, le=720, description="How long answers are kept for equal questions.")
    rasa_url: str | None = Field(
        None,
        description="Base address of a Rasa server that serves the shared NLU project; none = the local classifier.",
    )
    rasa_python: Path | None = Field(
        None, description="Python of the environment that Rasa is installed in; none = .venv-rasa, where it is there."
    )
    rasa_deadline: float = Field(1.0, gt=0, le=30, description="Seconds that Rasa may take for one message.")
    chat_key: str | None = Field(
        None,
        description="Signs customers' chat tokens: env:NAME or file:/path; none = a key kept in data_dir.",
    )
    chat_token_hours: float = Field(720.0, gt=0, le=8760, description="How long a customer's chat token is good.")
    webhook_private: bool = Field(
        False, description="Whether tenants' webhooks and workflows may go to addresses that are not public."
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Base address at which providers and customers reach the API; none = as a request gives it.",
    )
    slack_url: str = Field("https://slack.com/api", pattern=r"^https?://[^\s?#]+$", description="Slack's Web API.")
    whatsapp_url: str = Field(
        "https://graph.facebook.com/v23.0", pattern=r"^https?://[^\s?#]+$", description="WhatsApp's Cloud API."
    )
    twilio_url: str = Field("https://api.twilio.com", pattern=r"^https?://[^\s?#]+$", description="Twilio's API.")
    evaluation_days: int = Field(
        90, ge=2, le=36_500, description="Days that answers of evaluations and others that no customer got are kept."
    )
    evaluation_score_days: int = Field(1095, ge=2, le=36_500, description="Days that figures of evaluations are kept.")
    threads: int = Field(2, ge=1, le=256, description="Threads of one embedding call.")
    request_deadline: float = Field(30.0, gt=0, le=600, description="Seconds until a question is given up.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line written."
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        folder = value.expanduser().resolve()
        if folder.exists() and not folder.is_dir():
            raise ValueError("it is a file, and a folder is needed")
        return folder

    @field_validator("dagster_port", "dashboards_port", "lab_port", "voila_port")
    @classmethod
    def _has_room(cls, value: int | None, info: ValidationInfo) -> int | None:
        after, what = {
            "dagster_port": (1, "Dagster's UI"),
            "dashboards_port": (2, "the dashboards"),
            "lab_port": (3, "JupyterLab"),
            "voila_port": (4, "the Voila pages"),
        }[info.field_name or ""]
        port = info.data.get("port", 1)
        if value is None and port + after > LAST_PORT:
            raise ValueError(f"HELPDESK_PORT={port} leaves no port after it for {what}")
        return value

    @property
    def resolved_dagster_port(self) -> int:
        return self.dagster_port or self.port + 1

    @property
    def resolved_dashboards_port(self) -> int:
        return self.dashboards_port or self.port + 2

    @property
    def resolved_lab_port(self) -> int:
        return self.lab_port or self.port + 3

    @property
    def resolved_voila_port(self) -> int:
        return self.voila_port or self.port + 4


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, `overrides` first. Raises InvalidSetting naming variable and value."""
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "HELPDESK_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidSetting(f"{name}={first.get('input')!r}: {first['msg']}", field=name) from error


def resolve_secret(reference: str) -> str:
    """The secret that `env:NAME` or `file:/absolute/path` refers to, without the line break at its end.

    Raises InvalidSetting naming the reference, never the secret.
    """
    kind, _, place = reference.partition(":")
    if kind == "env" and place:
        secret = os.environ.get(place, "")
    elif kind == "file" and place.startswith("/"):
        try:
            secret = Path(place).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting(f"{reference}: {error}", field=reference) from error
    else:
        # What stands here may be the secret itself.
        raise InvalidSetting("a secret is given by reference: env:NAME or file:/absolute/path", field="secret")
    if not secret:
        raise InvalidSetting(f"{reference} is empty or not set", field=reference)
    return secret


def quiet_third_parties() -> None:
    """Turns off what our libraries would send home or fetch, unless the operator has said otherwise, and what they
    would import without need."""
    import_when_asked()
    for name, value in {
        "HAYSTACK_TELEMETRY_ENABLED": "False",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }.items():
        os.environ.setdefault(name, value)


def request_of_kernel() -> tuple[str, str]:
    """The cookies, and the query of the address, of the request that Voila has started this kernel for."""
    return os.environ.get("HTTP_COOKIE", ""), os.environ.get("QUERY_STRING", "")
