"""Files reach whoever may see the message that carries them; what they are is decided by what is in them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from uuid import UUID

import httpx
import jwt
import pytest
from apps_api_sockets import Desks, make_desks
from fastapi.testclient import TestClient
from test_apps_api_bad_input import assert_problem

from components.bootstrap import Workbench
from components.core.settings import Settings
from components.helpdesk.handover.attachments import MOST_BYTES, MOST_FILES
from components.helpdesk.ingestion.turns import tenant_folder
from components.helpdesk.session_tokens import key_from

HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(200)
LINUX_PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(200)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb") + bytes(200)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def png(size: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * (size + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def archive(*names: str, **contents: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name, content in (*contents.items(), *((name, "<x/>") for name in names)):
            file.writestr(name, content)
    return written.getvalue()


DOCX = archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")
MACROS = archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")
XLSX = archive("[Content_Types].xml", "docProps/app.xml", "a", "b", "c", "d", "xl/workbook.xml")
ODT = archive("content.xml", mimetype="application/vnd.oasis.opendocument.text")


class Chat:
    """A conversation that an agent owns, seen from both sides."""

    def __init__(self, client: TestClient, desks: Desks) -> None:
        self.client, self.desks = client, desks
        self.anna = desks.agent()
        self.session = desks.claimed(self.anna)
        self.customer = {"Authorization": f"Bearer {desks.customers_auth(self.session)['token']}"}
        self.agent = {"Authorization": f"Bearer {desks.agents_auth(self.anna)['token']}"}

    def upload(
        self, name: str, content: bytes, headers: dict[str, str] | None = None, **more: object
    ) -> httpx.Response:
        return self.client.post(
            f"/chat/{self.session}/attachments",
            headers=headers or self.customer,
            files={"file": (name, content, "application/octet-stream")},
        )

    def agents_upload(self, name: str, content: bytes) -> httpx.Response:
        return self.client.post(
            f"/handover/conversations/{self.session}/attachments", headers=self.agent, files={"file": (name, content)}
        )

    def messages(self) -> list[dict[str, object]]:
        answer = self.client.get(f"/chat/{self.session}", headers=self.customer).json()
        found: list[dict[str, object]] = answer["messages"]
        return found

    def files(self) -> list[Path]:
        folder = self.desks.workbench.attachments.folder(self.desks.tenant.context)
        return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def chat(client: TestClient, desks: Desks) -> Chat:
    return Chat(client, desks)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("dot.png", png(), "image/png"),
        ("photo.JPG", JPEG, "image/jpeg"),
        ("invoice.pdf", PDF, "application/pdf"),
        ("notes.txt", "Grüße, BM und MZ".encode(), "text/plain"),
        ("orders.csv", "order;price\n1;4,90 €\n".encode("cp1252"), "text/csv"),
        ("letter.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("sheet.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("letter.odt", ODT, "application/vnd.oasis.opendocument.text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_what_people_show_each_other_is_taken_and_given_back_to_the_byte(
    chat: Chat, name: str, content: bytes, media_type: str
) -> None:
    response = chat.upload(name, content)
    assert response.status_code == 201, response.text
    told = response.json()
    assert (told["name"], told["media_type"], told["size"]) == (name, media_type, len(content))
    fetched = chat.client.get(told["url"])
    assert fetched.content == content
    assert fetched.headers["Content-Type"].partition(";")[0] == media_type
    assert fetched.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("cat.png", PROGRAM, "a Windows program"),
        ("cat.png", LINUX_PROGRAM, "a program"),
        ("cat.png", HTML, "HTML"),
        ("cat.png", SVG, "SVG"),
        ("cat.txt", HTML, "HTML"),
        ("cat.svg", SVG, "SVG"),
        ("cat.csv", b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", "XML"),
        ("cat.png", JPEG, "image/jpeg, whose name ends in .jpg or .jpeg"),
        ("cat.exe", png(), "image/png, whose name ends in .png"),
        ("cat", png(), "image/png, whose name ends in .png"),
        ("cat.png", b"just words", "text/plain"),
        ("cat.zip", archive("a"), "a ZIP archive"),
        ("cat.docx", archive("a"), "a ZIP archive"),
        ("cat.docx", DOCX[:-30], "a damaged ZIP archive"),
        ("cat.docx", MACROS, "a document with macros"),
        ("cat.txt", b"\x00\x01\x02 binary", "of an unknown kind"),
        ("cat.png\u202etxt.exe", png(), "image/png, whose name ends in .png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_a_file_that_is_not_what_it_says_is_refused_with_what_was_found(
    chat: Chat, name: str, content: bytes, found: str
) -> None:
    problem = assert_problem(chat.upload(name, content), 415, "unsupported_media_type", "file")
    assert found in problem["detail"]
    assert "allowed are png, jpg" in problem["detail"] or "whose name ends in" in problem["detail"]
    assert chat.files() == []


def test_a_file_that_is_too_large_is_refused_with_the_number_and_nothing_is_kept(chat: Chat) -> None:
    for content in (b"a" * (MOST_BYTES + 1), b"a" * 30_000_000):
        problem = assert_problem(chat.upload("log.txt", content), 413, "content_too_large", problem_field(content))
        assert "10000000" in problem["detail"] or "10065536" in problem["detail"]
    raw = chat.client.post(
        f"/chat/{chat.session}/attachments",
        headers=chat.customer,
        params={"name": "log.txt"},
        content=(b"a" * 100_000 for _ in range(300)),
    )
    assert_problem(raw, 413, "content_too_large", raw.json()["field"])
    assert chat.files() == []
    assert chat.upload("log.txt", b"a" * MOST_BYTES).status_code == 201


def problem_field(content: bytes) -> str:
    return "file" if len(content) == MOST_BYTES + 1 else "body"


@pytest.mark.parametrize("name", ["", "..", "x" * 200 + ".png", "a\0b.png"])
def test_a_name_that_is_none_is_refused(chat: Chat, name: str) -> None:
    response = chat.client.post(
        f"/chat/{chat.session}/attachments", headers=chat.customer, params={"name": name}, content=png()
    )
    assert_problem(response, 422, "invalid_input", "name")
    assert chat.files() == []


def test_a_path_in_a_name_leads_nowhere(chat: Chat) -> None:
    assert chat.upload("../../../etc/cron.d/x.png", png()).json()["name"] == "x.png"
    assert chat.upload("C:\\temp\\y.png", png()).json()["name"] == "y.png"
    assert len(chat.files()) == 2


def test_an_empty_file_and_a_form_without_one_are_refused(chat: Chat) -> None:
    assert_problem(chat.upload("a.txt", b""), 422, "invalid_input", "file")
    path = f"/chat/{chat.session}/attachments"
    form = chat.client.post(path, headers=chat.customer, files={"other": ("a.png", png())})
    assert_problem(form, 422, "invalid_input", "file")
    broken = chat.client.post(
        path, headers=chat.customer | {"Content-Type": "multipart/form-data; boundary=x"}, content=b"nonsense"
    )
    assert broken.status_code == 422
    assert chat.files() == []


def test_a_message_carries_files_to_the_other_side_with_fresh_links(chat: Chat) -> None:
    first, second = chat.upload("a.png", png()).json(), chat.upload("b.pdf", PDF).json()
    ids = [first["attachment_id"], second["attachment_id"]]
    body = {"client_message_id": "m1", "text": "see these", "attachments": ids}
    headers = chat.customer | {"Accept": "application/json"}
    sent = chat.client.post(f"/chat/{chat.session}/messages", json=body, headers=headers)
    assert sent.status_code == 200, sent.text
    carried = chat.messages()[-1]["attachments"]
    assert isinstance(carried, list)
    assert [each["attachment_id"] for each in carried] == ids
    assert chat.client.get(carried[1]["url"]).content == PDF
    # Each file is sent once, and only by whoever uploaded it.
    again = chat.client.post(f"/chat/{chat.session}/messages", json=body | {"client_message_id": "m2"}, headers=headers)
    assert_problem(again, 422, "invalid_input", "attachments")


def test_an_agent_sends_a_file_and_the_customer_sees_who_did(chat: Chat) -> None:
    uploaded = chat.agents_upload("label.pdf", PDF)
    assert uploaded.status_code == 201, uploaded.text
    chat.desks.workbench.desk.say(
        chat.desks.tenant.context,
        chat.anna,
        chat.session,
        client_message_id="a1",
        text="your label",
        attachments=[UUID(uploaded.json()["attachment_id"])],
    )
    last = chat.messages()[-1]
    assert (last["speaker"], last["author"]) == ("Anna", "agent")
    assert last["attachments"][0]["name"] == "label.pdf"  # type: ignore[index]


def test_only_who_is_in_the_conversation_uploads_to_it(chat: Chat, desks: Desks, workbench: Workbench) -> None:
    other = desks.customers_auth(desks.opened())["token"]
    refused = chat.upload("a.png", png(), {"Authorization": f"Bearer {other}"})
    assert_problem(refused, 401, "invalid_session_token", "Authorization")
    foreign = Chat(chat.client, make_desks(workbench))
    path = f"/handover/conversations/{chat.session}/attachments"
    spying = chat.client.post(path, headers=foreign.agent, files={"file": ("a.png", png())})
    assert_problem(spying, 404, "not_found", "conversation_id")
    customer = chat.client.post(path, headers=chat.customer, files={"file": ("a.png", png())})
    assert_problem(customer, 401, "invalid_credentials", "Authorization")


def test_a_link_is_good_for_minutes_and_for_one_tenant(chat: Chat, settings: Settings, workbench: Workbench) -> None:
    told = chat.upload("a.png", png()).json()
    token = told["url"].rpartition("/")[2]
    key = key_from(settings)
    claims = jwt.decode(token, key, algorithms=["HS256"], audience="attachment")
    other = make_desks(workbench).tenant
    for forged in (
        token + "x",
        jwt.encode(claims | {"exp": 1}, key, algorithm="HS256"),
        jwt.encode(claims, b"x" * 32, algorithm="HS256"),
        jwt.encode(claims | {"tenant": str(other.tenant_id)}, key, algorithm="HS256"),
        jwt.encode({name: value for name, value in claims.items() if name != "aud"}, key, algorithm="HS256"),
        chat.customer["Authorization"].split()[1],
    ):
        assert_problem(chat.client.get(f"/attachments/{forged}"), 404, "not_found", any_field(forged, token))


def any_field(forged: str, token: str) -> str:
    """Where the signature is good, the other tenant has no such file."""
    try:
        claims = jwt.decode(forged, options={"verify_signature": False})
    except jwt.PyJWTError:
        return "token"
    good = jwt.decode(token, options={"verify_signature": False})
    return "attachment_id" if claims.get("tenant") != good["tenant"] and claims.get("aud") else "token"


def test_a_conversation_has_room_for_so_many_files(chat: Chat) -> None:
    for number in range(MOST_FILES):
        assert chat.upload(f"{number}.txt", b"x").status_code == 201
    problem = assert_problem(chat.upload("more.txt", b"x"), 409, "conflict", "file")
    assert f"{MOST_FILES}" in problem["detail"]
    assert len(chat.files()) == MOST_FILES


def test_a_deleted_tenant_takes_its_files_along(chat: Chat, settings: Settings, workbench: Workbench) -> None:
    told = chat.upload("a.png", png()).json()
    assert len(chat.files()) == 1
    workbench.tenants.delete(chat.desks.tenant.tenant_id)
    assert not tenant_folder(settings.data_dir, chat.desks.tenant.context).exists()
    assert_problem(chat.client.get(told["url"]), 404, "not_found", "attachment_id")
