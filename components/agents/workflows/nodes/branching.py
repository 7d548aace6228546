"""If and Switch: each item goes the way that its values say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from components.agents.workflows.conditions import check_conditions, check_test, compare, first_name, holds
from components.agents.workflows.item import Item, Outputs
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import as_number, dig, not_one_of, options_of, rows, unsupported
from components.agents.workflows.visit import Visit, failure
from components.agents.workflows.workflow import Node
from components.core.errors import HelpdeskError, InvalidInput

MOST_OUTPUTS = 20
_FIRST_SWITCH_OUTPUTS = 4
_SWITCH_OPTIONS = ("fallbackOutput", "ignoreCase", "looseTypeValidation", "allMatchingOutputs", "renameFallbackOutput")


def _check_if(node: Node) -> Iterator[str]:
    yield from unsupported(node.parameters, ("conditions", "combineOperation", "options", "looseTypeValidation"))
    yield from not_one_of(node.parameters, "combineOperation", "all", ("all", "any"))
    yield from options_of(node.parameters, "ignoreCase", "looseTypeValidation")
    yield from check_conditions(node.parameters.get("conditions"))


def _run_if(visit: Visit) -> Outputs:
    given = visit.node.parameters
    is_any = given.get("combineOperation") == "any"

    def way(index: int) -> list[int]:
        true = holds(_lenient(given["conditions"], given), partial(visit.resolve, index=index), first_any=is_any)
        return [0 if true else 1]

    return _sorted(visit, 2, way)


def _check_switch(node: Node) -> Iterator[str]:
    given = node.parameters
    yield from unsupported(
        given,
        (
            *("mode", "rules", "options", "looseTypeValidation", "dataType", "value1", "output", "numberOutputs"),
            *("outputsAmount", "fallbackOutput"),
        ),
    )
    yield from not_one_of(given, "mode", "rules", ("rules", "expression"))
    yield from options_of(given, *_SWITCH_OPTIONS)
    if _outputs(node) > MOST_OUTPUTS:
        yield f"it has {_outputs(node)} outputs: at most {MOST_OUTPUTS} are allowed"
    if given.get("mode", "rules") != "rules":
        return
    for rule in rows(given, "rules", "values"):
        yield from check_conditions(rule.get("conditions"))
    for rule in rows(given, "rules", "rules"):
        yield from check_test(str(given.get("dataType", "number")), _operation(rule))
        yield from not_one_of(rule, "output", 0, tuple(range(_FIRST_SWITCH_OUTPUTS)))
    if not rows(given, "rules", "values") and not rows(given, "rules", "rules"):
        yield "it has no rule"


def _run_switch(visit: Visit) -> Outputs:
    given, count = visit.node.parameters, _outputs(visit.node)
    if given.get("mode") == "expression":

        def way(index: int) -> list[int]:
            wanted = as_number(visit.parameter("output", index), "output")
            if not 0 <= wanted < count or wanted != int(wanted):
                raise InvalidInput(f"output={wanted:g}: 0 to {count - 1} are allowed", field="output")
            return [int(wanted)]

        return _sorted(visit, count, way)

    def by_rules(index: int) -> list[int]:
        found = list(_matching(visit, index))
        if found:
            return found if dig(given, "options", "allMatchingOutputs") is True else found[:1]
        fallback = _fallback(visit.node)
        return [] if fallback is None else [fallback]

    return _sorted(visit, count, by_rules)


def _matching(visit: Visit, index: int) -> Iterator[int]:
    given = visit.node.parameters
    resolve = partial(visit.resolve, index=index)
    for place, rule in enumerate(rows(given, "rules", "values")):
        if holds(_lenient(rule["conditions"], given), resolve):
            yield place
    kind, left = str(given.get("dataType", "number")), resolve(given.get("value1"))
    for rule in rows(given, "rules", "rules"):
        if compare(kind, _operation(rule), left, resolve(rule.get("value2"))):
            yield int(rule.get("output", 0))


def _outputs(node: Node) -> int:
    given = node.parameters
    if given.get("mode") == "expression":
        wanted = given.get("numberOutputs", given.get("outputsAmount", _FIRST_SWITCH_OUTPUTS))
        return int(wanted) if isinstance(wanted, int) and wanted > 0 else _FIRST_SWITCH_OUTPUTS
    if rows(given, "rules", "rules"):
        return _FIRST_SWITCH_OUTPUTS
    has_extra = dig(given, "options", "fallbackOutput") == "extra"
    return max(len(rows(given, "rules", "values")) + int(has_extra), 1)


def _fallback(node: Node) -> int | None:
    """The output of what no rule is for."""
    said = dig(node.parameters, "options", "fallbackOutput")
    said = node.parameters.get("fallbackOutput", -1) if said is None else said
    if said == "extra":
        return _outputs(node) - 1
    return said if isinstance(said, int) and 0 <= said < _outputs(node) else None


def _operation(rule: Mapping[str, Any]) -> str:
    return first_name(str(rule.get("operation", "equal")))


def _lenient(conditions: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The conditions with what the node itself says about types and capitals."""
    changed: dict[str, Any] = {}
    if given.get("looseTypeValidation") is True or dig(given, "options", "looseTypeValidation") is True:
        changed["typeValidation"] = "loose"
    if dig(given, "options", "ignoreCase") is True:
        changed["caseSensitive"] = False
    if not changed or "conditions" not in conditions:
        return conditions
    return {**conditions, "options": {**(conditions.get("options") or {}), **changed}}


def _sorted(visit: Visit, count: int, ways: Any) -> Outputs:
    """Each item to the outputs that it is for; those that fail where the node says so, if it says so."""
    error_output = visit.node.on_error == "error_output"
    outputs: list[list[Item]] = [[] for _ in range(count + error_output)]
    for index, item in enumerate(visit.items):
        try:
            for way in ways(index):
                outputs[way].append(item.by(index))
        except HelpdeskError as error:
            if visit.node.on_error == "stop":
                raise
            outputs[-1 if error_output else 0].append(failure(item, error).by(index))
    return tuple(map(tuple, outputs))


IF = NodeKind(_run_if, _check_if, lambda node: 2)
SWITCH = NodeKind(_run_switch, _check_switch, _outputs)
