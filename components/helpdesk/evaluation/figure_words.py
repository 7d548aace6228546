"""Names of evaluation figures for people to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

Figure = TypeVar("Figure")

_AT = re.compile(r"(?P<figure>\w+)_at_(?P<rank>\d+)")
_WRITTEN = {"ndcg": "nDCG", "map": "MAP", "mrr": "MRR"}


def figure_in_words(name: str) -> str:
    """`ndcg_at_10` is nDCG@10, `refused_right` refused right."""
    if found := _AT.fullmatch(name):
        return f"{_WRITTEN.get(found['figure'], found['figure'])}@{found['rank']}"
    return name.replace("_", " ")


def figures_in_words(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """The same figures by those names."""
    return {figure_in_words(name): figure for name, figure in figures.items()}
