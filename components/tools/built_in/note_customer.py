"""note_customer and remove_customer_note: what the next one who helps a customer should know."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, NotFound
from components.database.tables import CustomerNoteRow, CustomerRow
from components.tools.built_in.customers import customers_with_email, get_customer
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse, Undo

_NOTE = ToolSpec(
    name="note_customer",
    description="Notes something of a customer, named by id or e-mail address, for whoever helps them next.",
    input_schema={
        "type": "object",
        "properties": {
            "customer_id": {"type": "string", "minLength": 1, "maxLength": 200},
            "email": {"type": "string", "minLength": 1, "maxLength": 254},
            "text": {"type": "string", "minLength": 1, "maxLength": 5000},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {"note_id": {"type": "string"}, "customer_id": {"type": "string"}},
    },
    side_effect="write",
    undoable=True,
)
_REMOVE = ToolSpec(
    name="remove_customer_note",
    description="Removes what was noted of a customer.",
    input_schema={
        "type": "object",
        "properties": {"note_id": {"type": "string", "maxLength": 60}},
        "required": ["note_id"],
        "additionalProperties": False,
    },
    output_schema={"type": "object", "properties": {"removed": {"type": "string"}}},
    side_effect="write",
)


class NoteCustomer:
    """Keeps components.tools.tool.LocalTool. Taking it back removes the note."""

    spec = _NOTE

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        note_id, customer = uuid4(), _customer(session, use)
        session.add(
            CustomerNoteRow(
                note_id=note_id,
                tenant_id=use.tenant.tenant_id,
                customer_id=customer.customer_id,
                text=use.arguments["text"],
                author=f"{use.caller.kind} {use.caller.id}".strip(),
            )
        )
        result = {"note_id": str(note_id), "customer_id": customer.customer_id}
        return ToolOutcome(result, Undo(_REMOVE.name, {"note_id": str(note_id)}))


class RemoveCustomerNote:
    """Keeps components.tools.tool.LocalTool."""

    spec = _REMOVE

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        said = use.arguments["note_id"]
        try:
            note_id = UUID(said)
        except ValueError:
            raise InvalidInput(f"note_id={said!r}: a note's id is allowed", field="arguments.note_id") from None
        mine = (CustomerNoteRow.tenant_id == use.tenant.tenant_id, CustomerNoteRow.note_id == note_id)
        removed = session.scalars(delete(CustomerNoteRow).where(*mine).returning(CustomerNoteRow.note_id)).one_or_none()
        if removed is None:
            raise NotFound(f"no note has the id {said}", field="arguments.note_id")
        return ToolOutcome({"removed": said})


def _customer(session: Session, use: ToolUse) -> CustomerRow:
    asked = use.arguments
    if ("customer_id" in asked) == ("email" in asked):
        raise InvalidInput("one of customer_id and email is needed", field="arguments.customer_id")
    if "customer_id" in asked:
        return get_customer(session, use, asked["customer_id"])
    found = customers_with_email(session, use, asked["email"])
    if len(found) != 1:
        how_many = "no customer has" if not found else f"{len(found)} customers have"
        raise NotFound(
            f"{how_many} the address {asked['email']!r}: a customer_id is allowed too", field="arguments.email"
        )
    return found[0]
