"""A directed graph in layers from left to right, each node after all that come before it (after Sugiyama, Tagawa and
Toda, 1981)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

Pair = tuple[str, str]


def layers_of(names: Sequence[str], pairs: Iterable[Pair]) -> tuple[tuple[tuple[str, ...], ...], frozenset[Pair]]:
    """The nodes by layer, and the pairs that lead back, as loops do. names: without a better reason those that come
    first stand above."""
    pairs = list(dict.fromkeys(pairs))
    back = _leading_back(names, pairs)
    forward = [pair for pair in pairs if pair not in back]
    rank = dict.fromkeys(names, 0)
    for _ in names:
        changed = False
        for source, target in forward:
            if rank[target] <= rank[source]:
                rank[target], changed = rank[source] + 1, True
        if not changed:
            break
    layers: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for name in names:
        layers[rank[name]].append(name)
    for before, layer in pairwise(layers):
        place = {name: number for number, name in enumerate(before)}
        came = [(target, place[source]) for source, target in forward if source in place]
        order = {name: _middle([row for target, row in came if target == name]) for name in layer}
        layer.sort(key=order.__getitem__)
    return tuple(map(tuple, layers)), back


def _middle(places: list[int]) -> float:
    return sum(places) / len(places) if places else 0.0


def _leading_back(names: Sequence[str], pairs: Sequence[Pair]) -> frozenset[Pair]:
    """The pairs whose target is still open in a search depth first, which begins where nothing leads to."""
    after: dict[str, list[Pair]] = {}
    for pair in pairs:
        after.setdefault(pair[0], []).append(pair)
    targets = {target for _, target in pairs}
    done: set[str] = set()
    found: set[Pair] = set()
    for root in (*(name for name in names if name not in targets), *names):
        path: list[tuple[str, list[Pair]]] = [(root, list(after.get(root, ())))]
        while path:
            name, left = path[-1]
            if name in done or not left:
                done.add(name)
                path.pop()
                continue
            pair = left.pop(0)
            if any(pair[1] == open_name for open_name, _ in path):
                found.add(pair)
            elif pair[1] not in done:
                path.append((pair[1], list(after.get(pair[1], ()))))
    return frozenset(found)
