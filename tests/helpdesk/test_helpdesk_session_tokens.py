"""A token opens one session of one tenant until it expires, and nothing else opens it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidSessionToken, InvalidSetting
from components.core.settings import Settings
from components.helpdesk.session_tokens import KEY_FILE, SessionTokens, key_from

SECRET = b"k" * 32
TOKENS = SessionTokens(SECRET, hours=24)
MAKE_A_KEY = """
import sys
from pathlib import Path
from components.core.settings import Settings
from components.helpdesk.session_tokens import key_from
print("ready", flush=True)
sys.stdin.readline()
print(key_from(Settings(data_dir=Path(sys.argv[1]))).decode(), flush=True)
"""


@given(tenant=st.uuids(), session=st.uuids())
def test_a_token_gives_back_the_tenant_of_its_session(tenant: UUID, session: UUID) -> None:
    token, expires_at = TOKENS.issue(tenant, session)
    assert TOKENS.verify(token, session).tenant_id == tenant
    assert timedelta(hours=23, minutes=59) < expires_at - datetime.now(UTC) <= timedelta(hours=24)


@settings(max_examples=200)
@given(data=st.data())
def test_no_token_that_was_altered_anywhere_is_good(data: st.DataObject) -> None:
    session = uuid4()
    token, _ = TOKENS.issue(uuid4(), session)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="))
    altered = token[:place] + letter + token[place + 1 :]
    if _bits(altered) != _bits(token):
        with pytest.raises(InvalidSessionToken):
            TOKENS.verify(altered, session)


@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(InvalidSessionToken):
        TOKENS.verify(text, uuid4())


def test_every_refusal_has_the_same_words() -> None:
    tenant, session = uuid4(), uuid4()
    good = {"tenant": str(tenant), "session": str(session), "iat": 1, "exp": 9_999_999_999}
    refused = [
        "",
        "x" * 100_000,
        TOKENS.issue(tenant, uuid4())[0],
        SessionTokens(b"another key, also of 32 bytes ok", 1).issue(tenant, session)[0],
        SessionTokens(SECRET, 0.0).issue(tenant, session)[0],
        jwt.encode(good, "", algorithm="none"),
        jwt.encode(good, SECRET * 2, algorithm="HS512"),
        jwt.encode({**good, "session": 7}, SECRET),
        jwt.encode({**good, "tenant": "northtrail"}, SECRET),
        jwt.encode({**good, "exp": "soon"}, SECRET),
        jwt.encode({**good, "iat": 9_999_999_000}, SECRET),
        *(jwt.encode({name: each for name, each in good.items() if name != left}, SECRET) for left in good),
    ]
    told = set()
    for token in refused:
        with pytest.raises(InvalidSessionToken) as error:
            TOKENS.verify(token, session)
        told.add(error.value.message)
    assert len(told) == 1
    assert TOKENS.verify(jwt.encode(good, SECRET), session).tenant_id == tenant


def test_an_unsigned_header_in_any_spelling_is_refused() -> None:
    session = uuid4()
    _, claims, _ = TOKENS.issue(uuid4(), session)[0].split(".")
    for algorithm in ("none", "None", "NONE", "nOnE", "HS256"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).decode().rstrip("=")
        with pytest.raises(InvalidSessionToken):
            TOKENS.verify(f"{header}.{claims}.", session)


def test_a_short_key_is_refused_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(InvalidSetting, match=rf"{tmp_path}/key.* 5 bytes.*32"):
        key_from(Settings(data_dir=tmp_path, chat_key=f"file:{tmp_path}/key"))
    with pytest.raises(InvalidSetting, match="32"):
        SessionTokens(b"short", 1)


def test_a_key_of_the_operators_is_used_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("an operator's key of more than 32 bytes\n")
    assert key_from(Settings(data_dir=tmp_path, chat_key=f"file:{tmp_path}/key")).startswith(b"an operator's key")
    assert not (tmp_path / KEY_FILE).exists()


def test_processes_that_start_at_once_agree_on_one_private_key(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", MAKE_A_KEY, str(tmp_path / "data")]
    started = [
        subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    keys = set()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        keys.add(process.communicate(timeout=60)[0].strip())
    file = tmp_path / "data" / KEY_FILE
    assert keys == {file.read_text()}
    assert os.stat(file).st_mode & 0o777 == 0o600
    assert key_from(Settings(data_dir=tmp_path / "data")) == file.read_bytes()


def _bits(token: str) -> list[bytes | str]:
    """What base64 makes of its parts: the last letter of each has bits that mean nothing."""
    parts: list[bytes | str] = []
    for part in token.split("."):
        try:
            parts.append(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except ValueError:
            parts.append(part)
    return parts
