"""`helpdesk channel`: which channels a tenant has, whether they would work, and what their providers must be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from apps.cli.console import out, plain_table, print_json, warn
from apps.cli.context import AsJson, open_registry
from apps.cli.tenant import Domain

if TYPE_CHECKING:
    from components.channels.provider_calls import ProviderCalls
    from components.core.channels import ChannelName
    from components.core.tenant import Tenant
    from components.helpdesk.tenant_channels import TenantChannels

app = typer.Typer(help="A tenant's channels: Slack, WhatsApp, SMS, e-mail.", no_args_is_help=True)


@dataclass(frozen=True)
class _Checked:
    """address: what the provider is told to call, or where mail is read. problem: None where all is well."""

    channel: str
    address: str
    problem: str | None


@app.command("list")
def list_channels(domain: Domain, as_json: AsJson = False) -> None:
    """The channels that a tenant has, and the address that each provider calls.

    Example: helpdesk channel list shop.example
    """
    from components.helpdesk.tenant_channels import TenantChannels

    with open_registry() as registry, _calls() as calls:
        tenant = registry.tenants.get_by_domain(domain)
        channels = TenantChannels(registry.settings, calls)
        found = [_Checked(name, _address(channels, tenant, name), None) for name in channels.names(tenant)]
    _print(found, as_json, checked=False)


@app.command()
def check(domain: Domain, as_json: AsJson = False) -> None:
    """Whether configuration and secrets are good, and a mailbox can be read. Exit status 1 where one is not.

    Example: helpdesk channel check shop.example
    """
    from components.helpdesk.tenant_channels import TenantChannels

    with open_registry() as registry, _calls() as calls:
        tenant = registry.tenants.get_by_domain(domain)
        found = list(_check(TenantChannels(registry.settings, calls), tenant))
        if registry.settings.public_url is None and any(each.channel != "email" for each in found):
            warn("HELPDESK_PUBLIC_URL is not set: the addresses lack their host")
    _print(found, as_json, checked=True)
    if any(each.problem for each in found):
        raise typer.Exit(1)


def _check(channels: TenantChannels, tenant: Tenant) -> Iterator[_Checked]:
    from components.channels.email_mailbox import Mailbox
    from components.core.errors import HelpdeskError

    for name in channels.names(tenant):
        problem = None
        try:
            channels.get(tenant, name)
            if name == "email":
                with Mailbox.opened(channels.email(tenant)):
                    pass
        except HelpdeskError as error:
            problem = error.message
        yield _Checked(name, _address(channels, tenant, name), problem)


def _address(channels: TenantChannels, tenant: Tenant, name: ChannelName) -> str:
    from components.helpdesk.channel_config import EmailConfig

    config = channels.settings_of(tenant, name)
    return config.address if isinstance(config, EmailConfig) else channels.webhook(tenant, name)


@contextmanager
def _calls() -> Iterator[ProviderCalls]:
    from components.channels.provider_calls import ProviderCalls

    with closing(ProviderCalls()) as calls:
        yield calls


def _print(found: list[_Checked], as_json: bool, *, checked: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = plain_table("channel", "address", *(["state"] if checked else []))
    for each in found:
        table.add_row(each.channel, each.address, *([each.problem or "well"] if checked else []))
    out.print(table if found else "no channel beside the web chat: config.channels says which a tenant has")
