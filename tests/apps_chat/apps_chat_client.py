"""The chat as a script without a browser uses it: Gradio's own protocol, honest or not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

PATIENCE = 60.0
# Gradio 6.17 names a status that Starlette has renamed.
GRADIO_WARNS = "ignore:'HTTP_422_UNPROCESSABLE_ENTITY' is deprecated"


@dataclass(frozen=True)
class ChatClient:
    """One session at one tenant's path."""

    address: str
    session: str = "session1"

    def config(self) -> dict[str, Any]:
        """What the page says about itself."""
        page = httpx.get(self.address, timeout=PATIENCE).raise_for_status().text
        start = page.index("window.gradio_config = ") + len("window.gradio_config = ")
        config: dict[str, Any] = json.JSONDecoder().raw_decode(page[start:])[0]
        return config

    def event(self, name: str) -> tuple[int, int]:
        """Numbers of the event's function and of the component that it starts from."""
        return _events(self)[name]

    def join(self, body: object) -> httpx.Response:
        """Sends an event as it stands."""
        return httpx.post(f"{self.address}gradio_api/queue/join", content=json.dumps(body), timeout=PATIENCE)

    def send(self, name: str, data: list[object], event_data: object = None, **more: object) -> list[str]:
        """The pieces of HTML that came back, each as it stood then."""
        function, component = self.event(name)
        body = {"data": data, "event_data": event_data, "fn_index": function, "trigger_id": component}
        self.join(body | {"session_hash": self.session} | more).raise_for_status()
        return _pieces(self.messages())

    def messages(self) -> list[dict[str, Any]]:
        """Everything that the session is told until its stream ends."""
        url = f"{self.address}gradio_api/queue/data"
        found: list[dict[str, Any]] = []
        with httpx.stream("GET", url, params={"session_hash": self.session}, timeout=PATIENCE) as response:
            response.raise_for_status()
            for line in response.iter_lines():
                if line.startswith("data:"):
                    found.append(json.loads(line.removeprefix("data:")))
                if found and found[-1]["msg"] == "close_stream":
                    break
        return found


@cache
def _events(client: ChatClient) -> dict[str, tuple[int, int]]:
    return {
        event: (dependency["id"], target)
        for dependency in client.config()["dependencies"]
        for target, event in dependency["targets"]
    }


def _pieces(messages: list[dict[str, Any]]) -> list[str]:
    pieces: list[str] = []
    for message in messages:
        data = (message.get("output") or {}).get("data") or []
        if message["msg"] == "process_generating" and data and isinstance(data[0], list):
            pieces.append(_changed(pieces[-1], data[0]))
        elif message["msg"] in ("process_generating", "process_completed") and data and isinstance(data[0], str):
            pieces.append(data[0])
    return pieces


def _changed(text: str, changes: list[list[Any]]) -> str:
    """Gradio's own notation for how one text became the next."""
    for action, path, value in changes:
        assert not path
        text = text + value if action == "append" else value
    return text
