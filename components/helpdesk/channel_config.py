"""What a tenant may say of its channels in config_json; secrets are named, never written there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _refers(value: str) -> str:
    kind, _, place = value.partition(":")
    if not (kind == "env" and place.isidentifier()) and not (kind == "file" and place.startswith("/")):
        raise ValueError("a secret is given by reference: env:NAME or file:/absolute/path is allowed")
    return value


SecretReference = Annotated[str, Field(max_length=500), AfterValidator(_refers)]
EmailAddress = Annotated[str, Field(pattern=r"^[^@\s<>]{1,64}@[^@\s<>]{1,189}$")]
HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ChannelConfig(_Section):
    """What every channel has. rate: messages a second, at most. greeting: whether what a flow says when a conversation
    opens is sent too, though the customer has written first."""

    rate: float = Field(default=1.0, gt=0, le=1000)
    greeting: bool = False


class SlackConfig(ChannelConfig):
    """A Slack app of the tenant's. opens_on: what begins a conversation in a channel, a mention of the app or every
    message; a direct message always does."""

    signing_secret: SecretReference
    bot_token: SecretReference
    opens_on: Literal["mention", "message"] = "mention"


class TemplateConfig(_Section):
    """An approved template, for customers who have not written for a day. with_text: its body has one parameter, which
    the message is put in."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    language: str = Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    with_text: bool = False


class WhatsAppConfig(ChannelConfig):
    """A number of the tenant's at WhatsApp's Cloud API."""

    rate: float = Field(default=20.0, gt=0, le=1000)
    phone_number_id: str = Field(pattern=r"^\d{5,30}$")
    verify_token: SecretReference
    app_secret: SecretReference
    access_token: SecretReference
    template: TemplateConfig | None = None


class SmsConfig(ChannelConfig):
    """A number of the tenant's at Twilio, as +49…"""

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token: SecretReference
    sender: str = Field(alias="from", pattern=r"^\+[1-9]\d{5,14}$")


class MailServerConfig(_Section):
    """security: `tls` from the first byte, `starttls` before the password, `none` on the own machine."""

    host: HostName
    port: int = Field(ge=1, le=65535)
    user: str = Field(default="", max_length=200)
    password: SecretReference | None = None
    security: Literal["tls", "starttls", "none"] = "tls"


class ImapConfig(MailServerConfig):
    """Where mail comes from. poll_seconds: how often it is looked at."""

    port: int = Field(default=993, ge=1, le=65535)
    folder: str = Field(default="INBOX", pattern=r"^[\x20-\x7e]{1,200}$")
    poll_seconds: float = Field(default=30.0, ge=1, le=3600)


class SmtpConfig(MailServerConfig):
    """Where mail goes to."""

    port: int = Field(default=465, ge=1, le=65535)


class EmailConfig(ChannelConfig):
    """An address of the tenant's. name: as customers see the sender."""

    address: EmailAddress
    name: str = Field(default="", max_length=100, pattern=r"^[^\r\n]*$")
    imap: ImapConfig
    smtp: SmtpConfig


class ChannelsConfig(_Section):
    """The channels that a tenant has beside its web chat. article_url: where a cited document is read, with
    {document} in it; none = sources are named without a link."""

    slack: SlackConfig | None = None
    whatsapp: WhatsAppConfig | None = None
    sms: SmsConfig | None = None
    email: EmailConfig | None = None
    article_url: str | None = Field(default=None, max_length=500, pattern=r"^https?://[^\s{}]+\{document\}[^\s{}]*$")
