"""How a call is made once: in one transaction with what it does, or begun, made and ended where another system is
asked."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from components.core.errors import DatabaseUnavailable, HelpdeskError, ToolRefused, ToolUnavailable, Unavailable
from components.core.tenant import Tenant
from components.database.session import Database
from components.tools.approvals import ask, find_decision
from components.tools.arguments import LARGEST_RESULT, plain
from components.tools.invocation import Failure, Invocation, InvocationStatus, failure_of, unknown
from components.tools.invocation_rows import begin_again, find, insert_new, lock, note
from components.tools.order import Order
from components.tools.pace import reserve
from components.tools.tool import LocalTool, RemoteTool, ToolOutcome, is_remote

# A call of another system that has not ended so long after its time-out has lost its process.
LEASE_GRACE = 5.0
_ENDED = frozenset({"done", "refused", "unknown"})

_log = logging.getLogger("helpdesk.tools")


class ToolCalls:
    """Makes them. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, order: Order) -> Invocation:
        """What came of it, failures too. Raises RateLimited, KeyReused, ToolUnavailable while another process is at
        it, DatabaseUnavailable."""
        known = self._known(order)
        if known is not None:
            return known
        return self._ask_other(order) if is_remote(order.tool) else self._act(order)

    def give_up(self, tenant: Tenant, stood: Invocation, error: HelpdeskError) -> Invocation:
        """Ends a call that was decided on and cannot be made any more; one that was not is given as it stands."""
        context = tenant.context
        with self._database.tenant(context) as session:
            connection = session.connection()
            held, _ = lock(connection, context, stood.key)
            decided = find_decision(connection, context, held.invocation_id)
            if held.status != "waiting" or decided is None or decided[0] == "pending":
                return held
            failure = failure_of(error)
            note(connection, context, held.invocation_id, "failed", failure=failure)
            return replace(held, status="failed", failure=failure)

    def rehearse(self, order: Order) -> Invocation:
        """What it would be: on our own tables it is done and taken back at once. Raises what the tool raises."""
        new = replace(order.invocation(), dry=True)
        use = order.use(new.invocation_id)
        if is_remote(order.tool):
            described = cast(RemoteTool, order.tool).describe(use)
            return replace(new, status="done", result={"would_call": dict(described)})
        tool = cast(LocalTool, order.tool)
        with self._database.tenant(order.tenant.context) as session:
            _bound(session, order.seconds)
            price = tool.price(session, use)
            within = session.begin_nested()
            try:
                outcome = tool.act(session, use)
                session.flush()
            finally:
                within.rollback()
        status: InvocationStatus = "waiting" if order.rules.asks(order.caller, price) else "done"
        return replace(new, status=status, price=price, result=dict(outcome.result), undo=outcome.undo)

    def _known(self, order: Order) -> Invocation | None:
        """What came of the same call, where it has ended; else a place in the tool's rate is taken."""
        with self._database.tenant(order.tenant.context) as session:
            connection = session.connection()
            stood = find(connection, order.tenant.context, key=order.key)
            if stood is None:
                reserve(connection, order.tenant.context, order.tool.spec.name, order.rules.per_minute)
                return None
        order.require_same(stood)
        return replace(stood, repeated=True) if _has_ended(stood) else None

    def _act(self, order: Order) -> Invocation:
        """One transaction: the call is stored with all that it did, or not at all."""
        began = time.monotonic()
        tool, new = cast(LocalTool, order.tool), order.invocation()
        try:
            with self._database.tenant(order.tenant.context) as session:
                _bound(session, order.seconds)
                connection = session.connection()
                call = self._claimed(connection, order, new)
                if call.status != "running":
                    return call
                use = order.use(call.invocation_id)
                failure: Failure | None = None
                outcome = ToolOutcome()
                within = session.begin_nested()
                try:
                    price = tool.price(session, use)
                    asked = self._asked(connection, order, call, price)
                    if asked is not None:
                        within.commit()
                        return asked
                    outcome = _plain(tool.act(session, use), order.tool.spec.name)
                    session.flush()
                    within.commit()
                except Unavailable:
                    raise
                except HelpdeskError as error:
                    within.rollback()
                    failure = failure_of(error)
                return self._noted(connection, order, call, outcome, failure, began)
        except Unavailable as error:
            if not isinstance(error, DatabaseUnavailable):
                self._missed(order, new, error, began)
            raise
        except HelpdeskError:
            raise
        except Exception as error:
            _log.exception("fault in the tool %s", order.tool.spec.name)
            fault = ToolUnavailable(f"{order.tool.spec.name}: a fault of the tool's own ({type(error).__name__})")
            self._missed(order, new, fault, began)
            raise fault from error

    def _ask_other(self, order: Order) -> Invocation:
        """Stored as begun, then made, then stored as ended: a process may die between any two."""
        began = time.monotonic()
        tool, new = cast(RemoteTool, order.tool), order.invocation()
        lease = order.seconds + LEASE_GRACE
        with self._database.tenant(order.tenant.context) as session:
            connection = session.connection()
            call = self._claimed(connection, order, new, lease=lease)
            if call.status != "running":
                return call
            asked = self._asked(connection, order, call, None)
            if asked is not None:
                return asked
            if call.invocation_id != new.invocation_id:
                attempt = begin_again(connection, order.tenant.context, call.invocation_id, lease)
                call = replace(call, attempts=attempt)
        failure: Failure | None = None
        outcome = ToolOutcome()
        try:
            outcome = _plain(tool.act(order.use(call.invocation_id)), order.tool.spec.name)
        except HelpdeskError as error:
            failure = failure_of(error)
        except Exception as error:
            _log.exception("fault in the tool %s", order.tool.spec.name)
            failure = (
                unknown(order.tool.spec.name)
                if not tool.repeatable
                else failure_of(
                    ToolUnavailable(f"{order.tool.spec.name}: a fault of the tool's own ({type(error).__name__})")
                )
            )
        with self._database.tenant(order.tenant.context) as session:
            return self._noted(session.connection(), order, call, outcome, failure, began, fenced=True)

    def _claimed(
        self, connection: Connection, order: Order, new: Invocation, *, lease: float | None = None
    ) -> Invocation:
        """The call, its row ours: `running` where it is to be made now, else as it stands."""
        tenant = order.tenant.context
        if insert_new(connection, tenant, new, lease=lease):
            return new
        stood, lapsed = lock(connection, tenant, order.key)
        order.require_same(stood)
        if _has_ended(stood):
            return replace(stood, repeated=True)
        if stood.status == "running" and not lapsed:
            raise ToolUnavailable(f"{stood.tool}: the same call is being made just now; ask again for what comes of it")
        if stood.status == "running" and is_remote(order.tool) and not cast(RemoteTool, order.tool).repeatable:
            failure = unknown(stood.tool)
            note(connection, tenant, stood.invocation_id, "unknown", failure=failure)
            return replace(stood, status="unknown", failure=failure)
        if stood.status == "waiting":
            return self._decided(connection, order, stood)
        return replace(stood, status="running")

    def _decided(self, connection: Connection, order: Order, stood: Invocation) -> Invocation:
        tenant = order.tenant.context
        status, comment = find_decision(connection, tenant, stood.invocation_id) or ("approved", "")
        if status == "approved":
            return replace(stood, status="running")
        if status == "pending":
            return stood
        why = "nobody decided in time" if status == "expired" else f"a person refused it{comment and ': ' + comment}"
        failure = Failure("tool_refused", f"{stood.tool}: {why}")
        note(connection, tenant, stood.invocation_id, "refused", failure=failure)
        return replace(stood, status="refused", failure=failure)

    def _asked(self, connection: Connection, order: Order, call: Invocation, price: Any) -> Invocation | None:
        """The call as it waits, where a person is to be asked first; None where it may be made."""
        tenant = order.tenant.context
        if call.approval_id is not None:
            if price is not None and call.price is not None and price > call.price:
                raise ToolRefused(f"{call.tool}: {call.price:.2f} was approved, and it would move {price:.2f} by now")
            return None
        reason = order.rules.asks(order.caller, price)
        if reason is None:
            if price is not None:
                note(connection, tenant, call.invocation_id, "running", price=price)
            return None
        note(connection, tenant, call.invocation_id, "waiting", price=price)
        asked = ask(connection, tenant, call.invocation_id, reason, order.rules.approval_hours)
        return replace(call, status="waiting", price=price, approval_id=asked)

    def _noted(
        self,
        connection: Connection,
        order: Order,
        call: Invocation,
        outcome: ToolOutcome,
        failure: Failure | None,
        began: float,
        *,
        fenced: bool = False,
    ) -> Invocation:
        tenant, seconds = order.tenant.context, time.monotonic() - began
        status = "done" if failure is None else "unknown" if failure.code == "outcome_unknown" else "failed"
        kept = note(
            connection,
            tenant,
            call.invocation_id,
            status,
            result=None if failure else outcome.result,
            failure=failure,
            undo=None if failure else outcome.undo,
            seconds=seconds,
            attempt=call.attempts if fenced else None,
        )
        found = find(connection, tenant, invocation_id=call.invocation_id)
        if found is None:
            raise DatabaseUnavailable(f"the call {call.invocation_id} is gone: its tenant may have been deleted")
        return found if kept else replace(found, repeated=True)

    def _missed(self, order: Order, new: Invocation, error: HelpdeskError, began: float) -> None:
        """That it was tried; the same key may try again."""
        tenant = order.tenant.context
        try:
            with self._database.tenant(tenant) as session:
                connection = session.connection()
                insert_new(connection, tenant, new)
                stood, _ = lock(connection, tenant, order.key)
                asked = find_decision(connection, tenant, stood.invocation_id)
                if not _has_ended(stood) and (asked is None or asked[0] != "pending"):
                    failure = replace(failure_of(error), again=True)
                    seconds = time.monotonic() - began
                    note(connection, tenant, stood.invocation_id, "failed", failure=failure, seconds=seconds)
        except DatabaseUnavailable as gone:
            _log.warning("a failed call of %s is not recorded: %s", order.tool.spec.name, gone)


def _plain(outcome: ToolOutcome, tool: str) -> ToolOutcome:
    return replace(outcome, result=plain(outcome.result, f"result of {tool}", "result", LARGEST_RESULT))


def _bound(session: Session, seconds: float) -> None:
    session.execute(select(func.set_config("statement_timeout", f"{max(seconds, 0.1) * 1000:.0f}", True)))


def _has_ended(stood: Invocation) -> bool:
    return stood.status in _ENDED or (stood.status == "failed" and not (stood.failure and stood.failure.again))
