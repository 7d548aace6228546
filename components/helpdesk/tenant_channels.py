"""A tenant's channels as its configuration has them: secrets resolved, each a line to its provider."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from components.channels.email_account import EmailAccount, MailServer
from components.channels.email_channel import EmailChannel
from components.channels.provider_calls import ProviderCalls
from components.channels.slack import SlackAccount, SlackChannel
from components.channels.sms import SmsAccount, SmsChannel
from components.channels.whatsapp import WhatsAppAccount, WhatsAppChannel, WhatsAppTemplate
from components.core.channels import CHANNELS, Channel, ChannelName
from components.core.errors import NotFound
from components.core.settings import Settings, resolve_secret
from components.core.tenant import Tenant
from components.helpdesk.channel_config import (
    ChannelConfig,
    ChannelsConfig,
    EmailConfig,
    MailServerConfig,
    SlackConfig,
    SmsConfig,
    WhatsAppConfig,
)
from components.helpdesk.tenant_config import read_config


def channel_name(text: str) -> ChannelName:
    """Raises NotFound for what is none."""
    for name in CHANNELS:
        if text == name:
            return name
    raise NotFound(f"no channel is called {text[:40]!r}: {', '.join(CHANNELS)} are", field="channel")


class TenantChannels:
    """Builds them each time: a secret that was changed is used from the next message on."""

    def __init__(self, settings: Settings, calls: ProviderCalls) -> None:
        self._settings, self._calls = settings, calls

    def config(self, tenant: Tenant) -> ChannelsConfig:
        """Raises InvalidInput."""
        return read_config(tenant.config).channels

    def names(self, tenant: Tenant) -> tuple[ChannelName, ...]:
        """Those that are configured."""
        config = self.config(tenant)
        return tuple(name for name in CHANNELS if getattr(config, name) is not None)

    def settings_of(self, tenant: Tenant, name: ChannelName) -> ChannelConfig:
        """What is configured. Raises NotFound."""
        found = getattr(self.config(tenant), name)
        if not isinstance(found, ChannelConfig):
            raise NotFound(f"{tenant.domain} has no channel {name}: config.channels.{name} is not set", field="channel")
        return found

    def get(self, tenant: Tenant, name: ChannelName) -> Channel:
        """Raises NotFound where it is not configured, InvalidSetting for a secret that is not there."""
        match self.settings_of(tenant, name):
            case SlackConfig() as slack:
                return SlackChannel(
                    SlackAccount(
                        resolve_secret(slack.signing_secret),
                        resolve_secret(slack.bot_token),
                        slack.opens_on,
                        self._settings.slack_url.rstrip("/"),
                    ),
                    self._calls,
                )
            case WhatsAppConfig() as whatsapp:
                return WhatsAppChannel(self._whatsapp(whatsapp), self._calls)
            case SmsConfig() as sms:
                callback = self.webhook(tenant, "sms") if self._settings.public_url else None
                token = resolve_secret(sms.auth_token)
                base = self._settings.twilio_url.rstrip("/")
                return SmsChannel(SmsAccount(sms.account_sid, sms.sender, token, callback, base), self._calls)
            case EmailConfig() as email:
                return EmailChannel(_email(email))
            case other:
                raise TypeError(f"{type(other).__name__} is no channel's")

    def email(self, tenant: Tenant) -> EmailAccount:
        """Raises NotFound, InvalidSetting."""
        found = self.settings_of(tenant, "email")
        assert isinstance(found, EmailConfig)
        return _email(found)

    def webhook(self, tenant: Tenant, name: ChannelName) -> str:
        """The address that the provider is told to call, without a host where no public address is set."""
        return f"{(self._settings.public_url or '').rstrip('/')}/channels/{tenant.domain}/{name}"

    def article_link(self, tenant: Tenant) -> Callable[[str], str | None]:
        """Where a document is read, by its id."""
        pattern = self.config(tenant).article_url
        return lambda document: None if pattern is None else pattern.replace("{document}", quote(document))

    def _whatsapp(self, config: WhatsAppConfig) -> WhatsAppAccount:
        template = config.template
        return WhatsAppAccount(
            config.phone_number_id,
            resolve_secret(config.verify_token),
            resolve_secret(config.app_secret),
            resolve_secret(config.access_token),
            None if template is None else WhatsAppTemplate(template.name, template.language, template.with_text),
            self._settings.whatsapp_url.rstrip("/"),
        )


def _email(config: EmailConfig) -> EmailAccount:
    return EmailAccount(config.address, _server(config.imap), _server(config.smtp), config.name, config.imap.folder)


def _server(config: MailServerConfig) -> MailServer:
    password = resolve_secret(config.password) if config.password else ""
    return MailServer(config.host, config.port, config.user, password, config.security)
