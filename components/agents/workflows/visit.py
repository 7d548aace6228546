"""One pass of a node: what it is given to work with, and how it goes through its items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.agents.goals import GoalExecutor
from components.agents.journal import ATTEMPTS, Journal, StepKey
from components.agents.workflows.item import Item, Items, Outputs
from components.agents.workflows.scope import Scope
from components.agents.workflows.templates import resolve
from components.agents.workflows.workflow import Node
from components.core.errors import HelpdeskError, Unavailable
from components.core.tenant import Tenant
from components.gateway.event_loop import EventLoopThread
from components.tools.registry import ToolRegistry


@dataclass(frozen=True)
class Services:
    """What nodes reach beside their data. goals: None where nobody pursues any. private: whether HTTP Request may call
    addresses that are not public."""

    tools: ToolRegistry
    loop: EventLoopThread
    goals: GoalExecutor | None = None
    private: bool = False


@dataclass(frozen=True)
class Visit:
    """step: the name of its step in the journal. interrupted: a process died in it before."""

    node: Node
    inputs: tuple[Items | None, ...]
    scope: Scope
    key: StepKey
    step: str
    journal: Journal
    services: Services
    interrupted: bool = False

    @property
    def tenant(self) -> Tenant:
        return self.journal.tenant

    @property
    def items(self) -> Items:
        """Of the first input."""
        return self.inputs[0] or ()

    def parameter(self, name: str, index: int = 0, default: Any = None, *, input: int = 0) -> Any:
        """For one item, its expressions resolved. Raises InvalidWorkflow."""
        return self.resolve(self.node.parameters.get(name, default), index, input=input)

    def resolve(self, value: Any, index: int = 0, *, input: int = 0) -> Any:
        """What a parameter, or part of one, comes to for one item. Raises InvalidWorkflow."""
        return resolve(value, self.scope.roots(index, input))

    def each(self, do: Callable[[int, Item], Mapping[str, Any] | Sequence[Mapping[str, Any]]]) -> Outputs:
        """An item, or several, for each; those that fail where the node says so, if it says so. Raises what `do` raises
        else."""
        done: list[Item] = []
        failed: list[Item] = []
        for index, item in enumerate(self.items):
            try:
                made = do(index, item)
                done.extend(Item(each).by(index) for each in ([made] if isinstance(made, Mapping) else made))
            except HelpdeskError as error:
                if self.node.on_error == "stop" or (isinstance(error, Unavailable) and not self._is_last):
                    raise
                into = failed if self.node.on_error == "error_output" else done
                into.append(failure(item, error).by(index))
        return (tuple(done), tuple(failed)) if self.node.on_error == "error_output" else (tuple(done),)

    @property
    def _is_last(self) -> bool:
        return self.key.attempt >= (self.node.tries or ATTEMPTS)


def failure(item: Item, error: HelpdeskError) -> Item:
    """The item as it goes on where its node failed."""
    return Item({**item.json, "error": error.message[:2000], "error_code": error.code})
