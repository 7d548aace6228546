"""`helpdesk shop`: a shop's customers, products and orders, for tenants whose tools have no other system to work on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from apps.cli.console import out, print_json
from apps.cli.context import AsJson, open_registry

app = typer.Typer(help="A shop's customers and orders, which the built-in tools work on.", no_args_is_help=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="YAML, as deploy/demo/northtrail/shop.yaml.")],
    domain: Annotated[str, typer.Option("--tenant", help="Domain of the tenant, such as shop.example.")],
    as_json: AsJson = False,
) -> None:
    """Add what is new; what is there stays as it is.

    Example: helpdesk shop import shop.yaml --tenant shop.example
    """
    from components.helpdesk.shop import import_shop
    from components.helpdesk.shop_file import read_shop

    shop = read_shop(file)
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        added = import_shop(registry.database, tenant.context, shop)
    if as_json:
        print_json(added)
        return
    out.print(f"added: {added.customers} customers, {added.products} products, {added.orders} orders")
