"""How the rows of a dataset are told from the tables: one SELECT a dataset, of one span of time."""

from __future__ import annotations

from dataclasses import dataclass

from components.warehouse.dataset import Dataset


@dataclass(frozen=True)
class FactQuery:
    """source, moment: the table and column by whose months the rows are kept.

    rows: SELECT of the dataset's columns but tenant_id, in their order, by the parameters tenant; since, until (from
    and before which the moment lies); zone (the tenant's time zone) and as_of (for what depends on the clock). What it
    gives depends on them and on the tables' rows, and on nothing else. Moments it gives are UTC without a zone.
    """

    dataset: Dataset
    source: str
    moment: str
    rows: str


def day(moment: str) -> str:
    """The tenant's date of a moment."""
    return f"({moment} AT TIME ZONE %(zone)s)::date"


def utc(moment: str) -> str:
    return f"{moment} AT TIME ZONE 'UTC'"
