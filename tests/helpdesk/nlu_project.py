"""A small NLU project as a knowledge manager writes it, for the tests of understanding."""

from __future__ import annotations

from pathlib import Path

EXAMPLES: dict[str, tuple[str, ...]] = {
    "greet": (
        "hello",
        "hi there",
        "good morning",
        "hey",
        "good evening to you",
        "hi, anybody there",
        "hello again",
        "hey you",
    ),
    "refund": (
        "I want my money back",
        "please refund my order",
        "give me a refund for order 104432",
        "refund me",
        "I want a refund",
        "send the money back to my card",
        "can you refund order 99881",
        "I would like to be paid back",
    ),
    "order_status": (
        "where is my parcel",
        "track my order",
        "when will order 104432 arrive",
        "has my package been shipped",
        "is my delivery on the way",
        "what is the status of my order",
        "my parcel has not come yet",
        "where is order 77120",
    ),
    "human": (
        "let me talk to a person",
        "I want a human",
        "connect me with an agent",
        "can somebody real help me",
        "get me an employee",
        "I need to speak to someone",
        "a person please",
        "transfer me to support staff",
    ),
    "chitchat/ask_name": (
        "what is your name",
        "who are you",
        "how are you called",
        "do you have a name",
        "tell me your name",
        "what should I call you",
        "who am I talking to",
        "your name please",
    ),
}
RESPONSES = {"greet": ("Hello!", "Hi!"), "chitchat/ask_name": ("I am the assistant.",)}


def write_project(
    folder: Path,
    examples: dict[str, tuple[str, ...]] | None = None,
    responses: dict[str, tuple[str, ...]] | None = None,
) -> Path:
    """nlu.yml and domain.yml in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    written = EXAMPLES if examples is None else examples
    items = [
        f"  - intent: {intent}\n    examples: |\n" + "".join(f"      - {text}\n" for text in texts)
        for intent, texts in written.items()
    ]
    items.append("  - regex: order_number\n    examples: |\n      - \\b\\d{5,6}\\b\n")
    (folder / "nlu.yml").write_text('version: "3.1"\nnlu:\n' + "".join(items), encoding="utf-8")
    texts = RESPONSES if responses is None else responses
    lines = [f"  utter_{key}:\n" + "".join(f'    - text: "{text}"\n' for text in each) for key, each in texts.items()]
    intents = dict.fromkeys(intent.partition("/")[0] for intent in written)
    domain = 'version: "3.1"\nintents:\n' + "".join(f"  - {intent}\n" for intent in intents)
    (folder / "domain.yml").write_text(domain + "responses:\n" + "".join(lines), encoding="utf-8")
    return folder
