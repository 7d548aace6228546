"""A real Rasa for tests, on a project so small that it is trained in seconds; skipped where its environment is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.core.nlu import Entity
from components.core.settings import load_settings
from components.nlu.rasa_server import find_rasa_python
from components.nlu.rasa_settings import RasaSettings
from components.nlu.rasa_training import RasaTrainer
from components.nlu.training_data import LabelledMessage, NluData

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "apps" / "rasa"
# Without building graphs, which takes TensorFlow longer than so small a training.
_NETWORK = {"run_eagerly": True, "random_seed": 42, "constrain_similarities": True, "number_of_transformer_layers": 0}
TINY_SETTINGS = RasaSettings(
    {
        "DIETClassifier": {**_NETWORK, "epochs": 25, "batch_size": 16},
        "ResponseSelector": {**_NETWORK, "epochs": 25, "batch_size": 16},
    },
    folds=2,
    seconds=300,
)
_MESSAGES = {
    "greet": ("hello", "hi", "hey there", "good morning", "hello to you", "hi again"),
    "refund": ("I want refund", "give me my money back", "refund my order", "refund please", "money back please"),
    "faq": (
        "how long does a refund take",
        "how long can I return a jacket",
        "what does shipping cost",
        "how do I wash a jacket",
        "when does the refund reach my card",
        "can I return ropes",
    ),
    "human": ("talk to a human", "an agent please", "human please", "I need a person", "talk to an agent"),
    "chitchat/ask_name": ("what is your name", "your name?", "who are you", "tell me your name", "what are you called"),
    "chitchat/joke": ("tell me a joke", "make me laugh", "say something funny", "another joke", "joke time"),
}
_WITH_NUMBER = (
    "refund order 104432",
    "refund 204411",
    "money back for 120884",
    "refund number 104433",
    "refund 994410",
)


def tiny_data() -> NluData:
    """Five intents for Rasa (one of them retrieval, with two keys), and one entity."""
    messages = [LabelledMessage(text, intent) for intent, texts in _MESSAGES.items() for text in texts]
    for text in _WITH_NUMBER:
        number = text[-6:]
        entity = Entity("order_number", number, number, len(text) - 6, len(text))
        messages.append(LabelledMessage(text, "refund", (entity,)))
    return NluData(
        tuple(messages),
        patterns={"order_number": (r"\b\d{6}\b",)},
        responses={"greet": ("Hello!",), "chitchat/ask_name": ("A helpdesk.",), "chitchat/joke": ("No.",)},
    )


def require_rasa() -> Path:
    """The Python of Rasa's environment; skips the test where it is not there or not wanted."""
    if os.environ.get("HELPDESK_TEST_RASA") == "0":
        pytest.skip("HELPDESK_TEST_RASA=0: no tests on a real Rasa (make test RASA=0)")
    python = find_rasa_python(load_settings().rasa_python, ROOT)
    if python is None:
        pytest.skip(
            "Rasa's environment is not there: `make environment` builds .venv-rasa, HELPDESK_RASA_PYTHON names it"
        )
    return python


def tiny_trainer() -> RasaTrainer:
    """Trains the tiny data in seconds."""
    return RasaTrainer(require_rasa(), PROJECT, settings=TINY_SETTINGS)
