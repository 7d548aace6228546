"""What every asset returns: figures for the interface, and no value to store."""

from typing import TYPE_CHECKING, TypeAlias

import dagster as dg

# Dagster looks for the bare class in an asset's annotations; mypy wants its type argument.
if TYPE_CHECKING:
    Figures: TypeAlias = dg.MaterializeResult[None]
else:
    Figures = dg.MaterializeResult
