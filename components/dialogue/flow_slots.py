"""What an ask node may demand of an answer: rules that some answer can keep, and that can be tried in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from components.dialogue.flow import AskNode, Node, SlotRule
from components.dialogue.flow_files import ReadFlow
from components.dialogue.flow_problem import FlowProblem
from components.nlu.patterns import InvalidPattern, check_pattern

_WITH_PATTERN = ("text", "email", "integer", "number")
_WITH_LIMITS = ("integer", "number", "date")
# A bound of a date that moves with the calendar.
TODAY = "today"


def slot_problems(one: ReadFlow, node: Node) -> Iterator[FlowProblem]:
    """Of an ask node's `validate`; none of any other node."""
    if not isinstance(node, AskNode):
        return
    for key, message in _faults(node.rule):
        yield FlowProblem(one.flow.file, one.line(node.node_id, "validate", key), node.node_id, message)


def _faults(rule: SlotRule) -> Iterator[tuple[str, str]]:
    if rule.type == "choice" and not rule.choices:
        yield "type", "type is choice: the key choices is needed, a list of the answers there are"
    if rule.choices is not None and rule.type != "choice":
        yield "choices", f"choices with the type {rule.type}: allowed with the type choice only"
    if rule.pattern is not None:
        if rule.type not in _WITH_PATTERN:
            yield "pattern", f"pattern with the type {rule.type}: allowed with {', '.join(_WITH_PATTERN)}"
        try:
            check_pattern(rule.pattern)
        except InvalidPattern as error:
            yield "pattern", f"pattern {error}"
    limits = {"min": rule.minimum, "max": rule.maximum}
    for key, limit in limits.items():
        if limit is not None and rule.type not in _WITH_LIMITS:
            yield key, f"{key} with the type {rule.type}: allowed with {', '.join(_WITH_LIMITS)}"
        elif limit is not None and (fault := _limit_fault(rule, limit)):
            yield key, f"{key} is {limit!r}: {fault}"
    if _crossed(rule):
        yield "max", f"max is {rule.maximum}, which lies below min, {rule.minimum}: no answer fits"


def _crossed(rule: SlotRule) -> bool:
    least, most = rule.minimum, rule.maximum
    if isinstance(least, str) and isinstance(most, str):
        return TODAY not in (least, most) and least > most
    return isinstance(least, int | float) and isinstance(most, int | float) and least > most


def _limit_fault(rule: SlotRule, limit: float | str) -> str | None:
    if rule.type == "date" and limit == TODAY:
        return None
    if rule.type != "date":
        return None if isinstance(limit, int | float) else f"a number is needed with the type {rule.type}"
    try:
        date.fromisoformat(str(limit))
    except ValueError:
        return "a date such as 2026-11-22, or today, is needed"
    return None
