"""Mail that is no reply in a conversation, such as an apology: sent from the tenant's own address."""

from __future__ import annotations

from components.core.channels import OutboundMessage
from components.core.errors import InvalidInput, InvalidSetting, NotFound
from components.core.outbox import Delivery, Failed, Later, Outgoing
from components.core.tenant import TenantContext
from components.helpdesk.tenant_channels import TenantChannels
from components.helpdesk.tenants import TenantRegistry

_MISCONFIGURED_SECONDS = 300.0


class MailSender:
    """Keeps components.core.outbox.Sender, for rows of kind `email`: {to, subject, text}."""

    def __init__(self, tenants: TenantRegistry, channels: TenantChannels) -> None:
        self._tenants, self._channels = tenants, channels

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery:
        """Failed where the tenant has no mailbox: nothing can be sent for it."""
        mail = outgoing.payload
        try:
            channel = self._channels.get(self._tenants.get(tenant.tenant_id), "email")
        except NotFound as error:
            return Failed(error.message)
        except (InvalidSetting, InvalidInput) as error:
            return Later(_MISCONFIGURED_SECONDS, error.message)
        address = {"to": str(mail["to"]), "subject": str(mail["subject"])}
        return channel.deliver(OutboundMessage(outgoing.key, address, str(mail["text"])))
