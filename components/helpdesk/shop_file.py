"""A shop's customers, products and orders as one YAML file has them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from components.core.errors import InvalidInput

Name = Annotated[str, Field(min_length=1, max_length=200)]
Sum = Annotated[Decimal, Field(ge=0, lt=10**9, decimal_places=2, allow_inf_nan=False)]
Address = Annotated[dict[Name, Name], Field(max_length=10)]
Details = Annotated[dict[Name, Any], Field(max_length=50)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomerEntry(_Entry):
    """details: whatever else is known, such as payment methods."""

    customer_id: Name
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    address: Address = Field(default_factory=dict)
    details: Details = Field(default_factory=dict)


class ProductEntry(_Entry):
    """variants: {item_id: {options, available, price}}."""

    product_id: Name
    name: Name
    variants: Details = Field(default_factory=dict)


class ItemEntry(_Entry):
    """price: of one."""

    item_id: Name
    name: Name
    price: Sum
    quantity: int = Field(default=1, ge=1, le=1000)
    product_id: str = ""
    options: Details = Field(default_factory=dict)


class OrderEntry(_Entry):
    """delivery: what bringing it costs. method: how all of it was paid, "" where nothing is paid yet. address: none =
    the customer's."""

    order_number: Name
    customer_id: Name
    status: Name
    ordered_at: AwareDatetime
    items: Annotated[tuple[ItemEntry, ...], Field(min_length=1, max_length=200)]
    delivery: Sum = Decimal(0)
    method: str = ""
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    address: Address = Field(default_factory=dict)
    details: Details = Field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return sum((item.price * item.quantity for item in self.items), self.delivery)


class ShopFile(_Entry):
    """What a shop.yaml holds."""

    customers: tuple[CustomerEntry, ...] = ()
    products: tuple[ProductEntry, ...] = ()
    orders: tuple[OrderEntry, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> ShopFile:
        for what, ids in {
            "customer_id": [each.customer_id for each in self.customers],
            "product_id": [each.product_id for each in self.products],
            "order_number": [each.order_number for each in self.orders],
        }.items():
            twice = sorted({each for each in ids if ids.count(each) > 1})
            if twice:
                raise ValueError(f"{what} {twice[0]!r} is there twice")
        return self


def read_shop(path: Path) -> ShopFile:
    """Raises InvalidInput that names the place in the file and what is allowed."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InvalidInput(f"{path}: {error}", field="file") from error
    try:
        return ShopFile.model_validate({} if content is None else content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{path}: {place or 'file'}: {first['msg']}", field=place or "file") from error
