"""Turns of conversations: each customer's message is taken once, in its order, whatever process dies on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic, sleep
from uuid import UUID, uuid4

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from components.core.errors import DatabaseUnavailable, InvalidInput, NotFound, Unavailable
from components.core.tenant import Tenant
from components.database.leases import Leases
from components.database.session import Database
from components.dialogue.conversation_ports import TurnServices
from components.dialogue.turn_audience import TurnAudience
from components.dialogue.turn_events import TakenTurn, TurnEvent, ignore
from components.dialogue.turn_queue import TurnQueue
from components.dialogue.turn_running import TurnRunner
from components.helpdesk.conversations.claiming import (
    accept_message,
    await_turn,
    claim_turn,
    extend_claims,
    release_claim,
    waiting_conversations,
)
from components.helpdesk.conversations.conversation import Conversation
from components.helpdesk.conversations.finishing import finish_turn
from components.helpdesk.conversations.opening import OnStored, do_nothing, store_opening
from components.helpdesk.conversations.turn_records import Accepted, StoredTurn, TurnClaim, TurnResult
from components.helpdesk.storable import storable

__all__ = ["TakenTurn", "Turns"]

LONGEST_TEXT = 4000
LONGEST_CUSTOMER_VALUE = 200
MOST_CUSTOMER_VALUES = 20
# A turn that has begun gets as much time as this, however long its message has waited.
LEAST_SECONDS = 5.0
STORING_ATTEMPTS = 4
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Turns:
    """Opens conversations and takes their turns. Thread-safe; any number of processes share one database.

    A message is stored before anything is done for it. Its turn is worked out without a transaction, under a claim
    that lapses soon after its process died, and stored in one: all of it or, where the claim was lost, nothing.
    """

    def __init__(
        self,
        database: Database,
        services: TurnServices,
        *,
        deadline: float = 30.0,
        lease: float = 5.0,
        on_step: Callable[[str], None] = ignore,
    ) -> None:
        """deadline: seconds that a turn gets by default. lease: seconds after which another process takes over from
        one that died. on_step: hears `after_accept`, `after_nlu`, `after_answer`, `after_work`, `after_arrival`,
        `before_store` and `after_store`."""
        self._database, self._deadline, self._lease, self._on_step = database, deadline, lease, on_step
        self._runner = TurnRunner(database, services, on_step)
        self._leases = Leases(partial(extend_claims, database), lease, "turns")
        self._audience, self._queue = TurnAudience(), TurnQueue()

    def open(
        self,
        tenant: Tenant,
        *,
        channel: str = "web",
        customer: Mapping[str, str] | None = None,
        on_stored: OnStored = do_nothing,
        conversation_id: UUID | None = None,
    ) -> Conversation:
        """A new conversation with its opening replies stored, on the flows that are active now, to its end.

        customer: what is known of them, such as `name`. on_stored: stores what belongs to the conversation in the same
        transaction, called with a connection and the id. conversation_id: a new one by default. Raises InvalidInput,
        InvalidFlow where the active flows do not load, DatabaseUnavailable.
        """
        conversation_id, known = conversation_id or uuid4(), _checked_customer(customer or {})
        opening, version = self._runner.opening(tenant, conversation_id, channel, known, self._deadline)
        conversation, _ = store_opening(
            self._database,
            tenant.context,
            conversation_id,
            opening,
            channel=channel,
            customer=known,
            flow_version=version,
            on_stored=on_stored,
        )
        return conversation

    def take(
        self,
        tenant: Tenant,
        conversation_id: UUID,
        *,
        client_message_id: str,
        text: str,
        attachments: Sequence[UUID] = (),
        on_accepted: Callable[[Accepted], None] = ignore,
        on_event: Callable[[TurnEvent], None] = ignore,
        deadline: float | None = None,
    ) -> TakenTurn:
        """The customer's message with what is replied to it, once that is stored.

        client_message_id: the customer's own, 1 to 64 of [A-Za-z0-9_-]; the same one again does nothing again: it gets
        what is stored, waits for the turn that runs, or takes over one whose process died. on_accepted: hears that the
        message is stored, before its turn begins. on_event: hears of the turn while it goes on, in the thread that
        takes it. deadline: seconds. attachments: files uploaded to the
        conversation before. While an agent owns the conversation the message is stored for the agent, and there are no
        replies.

        Raises InvalidInput for a text or id that is not allowed, NotFound, also where the conversation is another
        tenant's, Conflict where the id was another text's. Unavailable, also DatabaseUnavailable, leaves a message that
        was stored waiting: the same call again, or `resume`, takes its turn.
        """
        started = monotonic()
        said, client_id = _checked_text(text), _checked_id(client_message_id)
        until = started + (self._deadline if deadline is None else deadline)
        with self._audience.hearing(tenant.tenant_id, conversation_id, client_id, on_event):
            accepted = accept_message(
                self._database, tenant.context, conversation_id, client_id, said, self._lease, attachments
            )
            on_accepted(accepted)
            seconds = {"accept": monotonic() - started}
            self._on_step("after_accept")
            stored = self._see_through(tenant, conversation_id, accepted.message.sequence, accepted.now, until, seconds)
        seconds["total"] = monotonic() - started
        return TakenTurn(stored.message, stored.replies, stored.conversation, accepted.repeated, seconds)

    def resume(self, tenant: Tenant, conversation_id: UUID) -> bool:
        """Takes the turns that wait, where nobody works on the conversation; whether there was one. Raises NotFound,
        DatabaseUnavailable."""
        resumed = False
        while (claim := claim_turn(self._database, tenant.context, conversation_id, self._lease)) is not None:
            self._take(tenant, claim, monotonic() + self._deadline, {})
            resumed = True
        return resumed

    def resume_all(self, tenants: Iterable[Tenant]) -> int:
        """Takes the turns that processes which died have left, and waits for their claims to lapse; the number of
        conversations that had some. For the start of a process. Raises DatabaseUnavailable."""
        left = [(tenant, each) for tenant in tenants for each in waiting_conversations(self._database, tenant.context)]
        resumed = self._resume_each(left)
        if len(resumed) < len(left):
            sleep(self._lease)
            resumed |= self._resume_each([each for each in left if each[1] not in resumed])
        return len(resumed)

    def close(self) -> None:
        """Ends what runs in the background: for when no turn runs any more, before the database is given back."""
        self._leases.close()

    def _resume_each(self, conversations: Iterable[tuple[Tenant, UUID]]) -> set[UUID]:
        resumed = set()
        for tenant, conversation_id in conversations:
            # Its tenant may have been deleted since.
            with suppress(NotFound):
                if self.resume(tenant, conversation_id):
                    resumed.add(conversation_id)
        return resumed

    def _see_through(
        self,
        tenant: Tenant,
        conversation_id: UUID,
        sequence: int,
        found: StoredTurn | TurnClaim | None,
        until: float,
        seconds: dict[str, float],
    ) -> StoredTurn:
        """The stored turn of this message, whoever takes it; older ones that wait are taken first."""

        def look() -> StoredTurn | TurnClaim | None:
            return await_turn(self._database, tenant.context, conversation_id, sequence, self._lease)

        while True:
            if isinstance(found, TurnClaim):
                mine = found.message.sequence == sequence
                own_until = max(until, monotonic() + LEAST_SECONDS) if mine else monotonic() + self._deadline
                stored = self._take(tenant, found, own_until, seconds if mine else {})
                found = stored if mine else None
            if isinstance(found, StoredTurn):
                return found
            began = monotonic()
            found = self._queue.wait(conversation_id, look, until)
            seconds["wait"] = seconds.get("wait", 0.0) + monotonic() - began
            if found is None:
                raise Unavailable("other messages of the conversation are answered first: this one is kept, ask again")

    def _take(self, tenant: Tenant, claim: TurnClaim, until: float, seconds: dict[str, float]) -> StoredTurn | None:
        """The claim's turn, stored; None where the claim was lost. seconds: is told what took how long."""
        conversation_id, context = claim.conversation.conversation_id, tenant.context

        def tell(event: TurnEvent) -> None:
            self._audience.tell(tenant.tenant_id, conversation_id, claim.message.client_message_id, event)

        try:
            with self._leases.kept(context, claim.owner), self._given_back(tenant, claim):
                result, parts = self._runner.turn(tenant, claim, until, tell, seconds.get("accept", 0.0))
                seconds.update(parts)
                self._on_step("before_store")
                began = monotonic()
                stored = self._store(tenant, claim, result)
                seconds["store"] = monotonic() - began
                self._on_step("after_store")
        finally:
            self._queue.poke(conversation_id)
        return stored

    def _store(self, tenant: Tenant, claim: TurnClaim, result: TurnResult) -> StoredTurn | None:
        try:
            return self._finish(tenant, claim, result)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            # Something in it that PostgreSQL does not keep: the customer must not wait for it for ever.
            return self._finish(tenant, claim, self._runner.fault(tenant, claim, error))

    def _finish(self, tenant: Tenant, claim: TurnClaim, result: TurnResult) -> StoredTurn | None:
        """Tried again where PostgreSQL was away: whoever stores, ends the claim, so that nothing is stored twice."""
        again = Retrying(
            retry=retry_if_exception_type(DatabaseUnavailable),
            stop=stop_after_attempt(STORING_ATTEMPTS),
            wait=wait_exponential(0.1, max=1.0),
            reraise=True,
        )
        return again(finish_turn, self._database, tenant.context, claim, result)

    @contextmanager
    def _given_back(self, tenant: Tenant, claim: TurnClaim) -> Iterator[None]:
        """Where the block fails, the next one need not wait until the claim lapses."""
        try:
            yield
        except BaseException:
            with suppress(DatabaseUnavailable):
                release_claim(self._database, tenant.context, claim)
            raise


def _checked_text(text: str) -> str:
    said = storable(text, "text").strip()
    if not 1 <= len(said) <= LONGEST_TEXT:
        raise InvalidInput(f"text has {len(said)} characters: 1 to {LONGEST_TEXT} are allowed", field="text")
    return said


def _checked_id(client_message_id: str) -> str:
    if not _CLIENT_ID.fullmatch(client_message_id):
        raise InvalidInput(
            f"client_message_id={client_message_id[:80]!r}: 1 to 64 of A-Z, a-z, 0-9, _ and - are allowed",
            field="client_message_id",
        )
    return client_message_id


def _checked_customer(customer: Mapping[str, str]) -> dict[str, str]:
    if len(customer) > MOST_CUSTOMER_VALUES:
        raise InvalidInput(f"customer has {len(customer)} values: at most {MOST_CUSTOMER_VALUES} are allowed")
    for name, value in customer.items():
        if len(storable(name, "customer")) > LONGEST_CUSTOMER_VALUE or len(value) > LONGEST_CUSTOMER_VALUE:
            raise InvalidInput(
                f"customer.{name[:40]}: at most {LONGEST_CUSTOMER_VALUE} characters are allowed", field="customer"
            )
        storable(value, f"customer.{name}")
    return dict(customer)
