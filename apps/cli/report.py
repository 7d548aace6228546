"""`helpdesk report`: how a tenant's helpdesk is doing, in the terminal, and how each figure is counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from apps.cli.console import out, plain_table, print_json
from apps.cli.context import AsJson, open_registry
from components.core.errors import InvalidInput
from components.core.money_text import money_text

if TYPE_CHECKING:
    from components.core.tenant import Tenant
    from components.helpdesk.reports.filters import Filters
    from components.helpdesk.reports.headlines import Headline

DEFINITIONS = "definitions"
BY_DEFAULT = 30


def report(
    domain: Annotated[
        str,
        typer.Argument(metavar="TENANT", help=f"Domain of the tenant; or `{DEFINITIONS}`: how figures are counted."),
    ],
    since: Annotated[str, typer.Option(help=f"First day, 2026-11-01; by default the last {BY_DEFAULT} days.")] = "",
    until: Annotated[str, typer.Option(help="Last day; by default today, by the tenant's clock.")] = "",
    channel: Annotated[list[str] | None, typer.Option(help="Only this channel; again for more.")] = None,
    as_json: AsJson = False,
) -> None:
    """The headline figures of a period, beside the period of the same length before it.

    Example: helpdesk report shop.example --since 2026-11-01 --channel web
    """
    if domain == DEFINITIONS:
        _print_definitions(as_json)
        return
    from components.helpdesk.reports.headlines import headlines
    from components.helpdesk.reports.reports import Reports
    from components.warehouse.warehouse import Warehouse

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        filters = _filters(tenant, since, until, tuple(channel or ()))
        reports = Reports(Warehouse(registry.settings.data_dir))
        with reports.open([tenant]) as reader:
            told, refreshed_at = headlines(reader, filters), reader.refreshed_at
        reports.close()
    if as_json:
        period = {"since": filters.since.isoformat(), "until": filters.until.isoformat(), **filters.narrowed()}
        print_json({"tenant": tenant.domain, **period, "refreshed_at": refreshed_at, "figures": told})
        return
    _print_headlines(tenant, filters, told, refreshed_at)


def _filters(tenant: Tenant, since: str, until: str, channels: tuple[str, ...]) -> Filters:
    from components.helpdesk.reports.filters import Filters, last_days
    from components.helpdesk.tenant_config import read_config

    zone = ZoneInfo(read_config(tenant.config).handover.time_zone)
    last = _day(until, "until") if until else datetime.now(zone).date()
    first = _day(since, "since") if since else last_days(last, BY_DEFAULT).since
    return Filters(first, last, channels=channels)


def _day(said: str, option: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise InvalidInput(f"--{option}={said!r}: a day such as 2026-11-30 is allowed", field=option) from None


def _print_headlines(tenant: Tenant, filters: Filters, told: Sequence[Headline], refreshed_at: datetime | None) -> None:
    from components.helpdesk.reports.definitions import DEFINITIONS as BY_NAME

    before = filters.before()
    narrowed = "".join(f", {name}: {', '.join(values)}" for name, values in filters.narrowed().items())
    out.print(f"{tenant.name}, {filters.since} to {filters.until}{narrowed}", style="bold", markup=False)
    if refreshed_at is None:
        out.print(
            "no facts yet: they are collected by Dagster's asset of that name while `helpdesk up` runs", markup=False
        )
        return
    table = plain_table("", "now", "interval (95 %)", f"{before.since} to {before.until}", "")
    for each in told:
        interval = (
            each.interval and f"{_value(each.interval.low, each.unit)} to {_value(each.interval.high, each.unit)}"
        )
        differs = {True: "differs", False: "within chance", None: ""}[each.is_clear]
        figure = BY_NAME[each.name].title
        table.add_row(figure, _value(each.now, each.unit), interval or "", _value(each.before, each.unit), differs)
    out.print(table)
    out.print(f"complete up to {refreshed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", style="dim", markup=False)


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "share":
        return f"{value:.1%}"
    if unit == "seconds":
        return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"
    if unit == "stars":
        return f"{value:.2f}"
    return f"{value:,.0f}" if unit == "conversations" else money_text(value, unit)


def _print_definitions(as_json: bool) -> None:
    from components.helpdesk.reports.definitions import DEFINITIONS as BY_NAME
    from components.helpdesk.reports.other_definitions import OTHER_DEFINITIONS

    if as_json:
        print_json({"figures": list(BY_NAME.values()), "other_definitions": list(OTHER_DEFINITIONS)})
        return
    for each in BY_NAME.values():
        out.print(f"{each.title} ({each.name}, {each.unit})", style="bold", markup=False, soft_wrap=True)
        out.print(f"  {each.counts}", markup=False, soft_wrap=True)
        if each.leaves_out:
            out.print(f"  Left out: {each.leaves_out}", style="dim", markup=False, soft_wrap=True)
    for other in OTHER_DEFINITIONS:
        out.print(f"{other.vendor}: {other.title}", style="bold", markup=False, soft_wrap=True)
        out.print(f"  {other.says} Of {other.of_text}.", markup=False, soft_wrap=True)
        if other.unchecked:
            out.print(f"  Not seen here: {other.unchecked}", style="dim", markup=False, soft_wrap=True)
        out.print(f"  {other.source} {other.published}".rstrip(), style="dim", markup=False, soft_wrap=True)
