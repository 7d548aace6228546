"""Which rules hold for a tenant's use of a tool, and whether a person is asked before a call."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.core.errors import ToolNotAllowed
from components.core.tenant import Tenant
from components.helpdesk.actions_config import CALLERS, ApprovalRule, CallerKind, ToolRules
from components.helpdesk.tenant_config import read_config
from components.tools.tool import Caller, ToolSpec

# A person's own call is that person's decision.
PEOPLE: frozenset[CallerKind] = frozenset({"agent", "operator"})


@dataclass(frozen=True)
class EffectiveRules:
    """What holds for one tool and tenant, defaults filled in. timeout: seconds. limit: the sum up to which nobody is
    asked; unpriced: whether somebody is where nobody knows what a call moves. approval_hours: after which what nobody
    decided is refused."""

    allowed: bool
    callers: tuple[CallerKind, ...]
    approval: ApprovalRule
    unpriced: bool
    limit: Decimal
    per_minute: int
    timeout: float
    approval_hours: float

    def require(self, spec: ToolSpec, caller: Caller) -> None:
        """Raises ToolNotAllowed."""
        if not self.allowed:
            raise ToolNotAllowed(
                f"the tool {spec.name!r} is not permitted here: `tools: {{{spec.name}: {{}}}}` in the tenant's "
                "configuration permits it",
                field="tool_name",
            )
        if caller.kind not in self.callers:
            raise ToolNotAllowed(
                f"the tool {spec.name!r} is not permitted to {caller.kind}: {', '.join(self.callers) or 'nobody'} may "
                "call it",
                field="tool_name",
            )

    def asks(self, caller: Caller, price: Decimal | None) -> str | None:
        """Why a person is asked before the call, None where nobody is."""
        if caller.kind in PEOPLE or self.approval == "never":
            return None
        if self.approval == "always":
            return "every call is to be approved"
        if price is None:
            return "what it would move is not known" if self.unpriced else None
        if price > self.limit:
            return f"{price:.2f} is more than the {self.limit:.2f} that are allowed without approval"
        return None


def rules_for(tenant: Tenant, spec: ToolSpec) -> EffectiveRules:
    """Raises InvalidInput for a configuration that does not read."""
    config = read_config(tenant.config)
    own, actions = config.tools.get(spec.name, ToolRules(allowed=spec.permitted)), config.actions
    return EffectiveRules(
        own.allowed,
        CALLERS if own.callers is None else own.callers,
        own.approval or "above",
        spec.side_effect == "money" or own.approval == "above",
        actions.limit if own.limit is None else own.limit,
        own.per_minute or spec.per_minute,
        own.timeout or spec.timeout,
        actions.approval_hours,
    )
