"""A customer of the chat's HTTP API, and how its streams are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

Event = tuple[str, Any]

QUESTION = "How long can I return an unused jacket?"


@dataclass
class Chatter:
    """A session and its token. client: where it talks, over a socket or not."""

    client: httpx.Client
    session: str
    token: str
    opening: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/chat/{self.session}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, text: str, message_id: str | None = None, *, accept: str, **params: str) -> httpx.Response:
        body = {"client_message_id": message_id or uuid4().hex, "text": text}
        headers = {**self.headers, "Accept": accept}
        return self.client.post(f"{self.path}/messages", json=body, headers=headers, params=params)

    def stream(self, text: str, message_id: str | None = None, **params: str) -> list[Event]:
        """The events of a message's turn."""
        response = self.post(text, message_id, accept="text/event-stream", **params)
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"].startswith("text/event-stream")
        return list(events(response.text.splitlines()))

    def say(self, text: str, message_id: str | None = None, **params: str) -> dict[str, Any]:
        """The turn's end as JSON."""
        response = self.post(text, message_id, accept="application/json", **params)
        assert response.status_code == 200, response.text
        done: dict[str, Any] = response.json()
        return done

    def read(self, after: int = 0, **params: str) -> dict[str, Any]:
        response = self.client.get(self.path, headers=self.headers, params={"after": after, **params})
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def on(self, client: httpx.Client) -> Chatter:
        """The same customer on another server."""
        return Chatter(client, self.session, self.token, self.opening)


def begin(client: httpx.Client, domain: str, **customer: str) -> Chatter:
    response = client.post("/chat/sessions", json={"tenant": domain, "customer": customer})
    assert response.status_code == 201, response.text
    opened = response.json()
    return Chatter(client, opened["session_id"], opened["token"], opened)


def events(lines: Iterable[str]) -> Iterator[Event]:
    """What a browser makes of the lines of a stream; comments are `("", None)`."""
    name = ""
    for line in lines:
        if line.startswith(":"):
            yield "", None
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
