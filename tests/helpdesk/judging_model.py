"""A model server that answers a shop's questions, and judges answers as a test has it judge them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpdesk.scripted_model_server import Script, ScriptedServer, scripted_server

_FAITHFULNESS, _RELEVANCE = "judge the faithfulness", "extract only sentences from the provided context"
CARRIED = {"statements": ["It is so."], "statement_scores": [1]}
RELEVANT = {"relevant_statements": ["It is so."]}


@dataclass
class JudgingModel:
    """answers: by question, as the model that answers says them. faithful, relevant: what the judge says of an answer
    to a question, as JSON or as the text of a bad reply. judged: the prompts that the judge was given."""

    server: ScriptedServer
    answers: dict[str, str] = field(default_factory=dict)
    faithful: Callable[[str], Any] = lambda question: CARRIED
    relevant: Callable[[str], Any] = lambda question: RELEVANT
    judged: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """Questions that it was asked as the model that answers."""
        return len(self.server.requests) - len(self.judged)

    def reply(self, body: dict[str, Any]) -> Script:
        prompt = body["messages"][-1]["content"]
        question = next(each for each in self.answers if each in prompt)
        if _FAITHFULNESS not in prompt and _RELEVANCE not in prompt:
            return Script((self.answers[question],))
        self.judged.append(prompt)
        said = (self.faithful if _FAITHFULNESS in prompt else self.relevant)(question)
        return said if isinstance(said, Script) else Script((said if isinstance(said, str) else json.dumps(said),))

    def forget(self) -> None:
        """What was asked so far."""
        self.judged.clear()
        self.server.requests.clear()

    def catalogue(self, folder: Path) -> Path:
        """A models file with this server as `scripted` and `scripted-small`, one that is `down`, and one whose weights
        are `absent`."""
        path = self.server.catalogue(folder)
        with path.open("a") as file:
            file.write("  - {name: down, provider: openai, model: m, base_url: 'http://127.0.0.1:9/v1'}\n")
            file.write(f"  - {{name: absent, provider: transformers, model: '{folder}/none', local: true}}\n")
        return path


@contextmanager
def judging_model() -> Iterator[JudgingModel]:
    """Serves until the end."""
    with scripted_server() as server:
        model = JudgingModel(server)
        server.reply = model.reply
        yield model
