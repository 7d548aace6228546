"""NluData as files that Rasa trains on: the way back from what components.nlu.rasa_files reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from components.nlu.training_data import LabelledMessage, NluData


def write_rasa_project(data: NluData, folder: Path) -> None:
    """nlu.yml and domain.yml in `folder`, which exists. Messages alone: there are no rules or stories in NluData."""
    items: list[dict[str, object]] = [
        {
            "intent": intent,
            "examples": [{"text": _annotated(message)} for message in data.messages if message.intent == intent],
        }
        for intent in data.intents
    ]
    for name, patterns in data.patterns.items():
        items.append({"regex": name, "examples": _lines(patterns)})
    for name, values in data.lookups.items():
        items.append({"lookup": name, "examples": _lines(values)})
    for value in sorted(set(data.synonyms.values())):
        variants = [variant for variant, meant in data.synonyms.items() if meant == value]
        items.append({"synonym": value, "examples": _lines(variants)})
    _write(folder / "nlu.yml", {"version": "3.1", "nlu": items})
    _write(folder / "domain.yml", {"version": "3.1", **_domain(data)})


def _domain(data: NluData) -> dict[str, object]:
    # Rasa adds retrieval intents and their actions itself, and warns where they are there twice.
    intents = [intent for intent in data.intents if "/" not in intent]
    entities = {entity.name for message in data.messages for entity in message.entities}
    responses = {f"utter_{key}": [{"text": text} for text in texts] for key, texts in data.responses.items()}
    for intent in data.intents:
        if "/" in intent:
            # Without a text Rasa does not train the selector.
            responses.setdefault(f"utter_{intent}", [{"text": intent}])
    return {"intents": intents, "entities": sorted(entities), "responses": responses}


def _annotated(message: LabelledMessage) -> str:
    """`where is [104432]{"entity": "order_number"}`. Brackets that a customer wrote would be read as such: they become
    round ones. A line break becomes a space, since an example is one line."""
    pieces: Iterator[str] = _pieces(message)
    return " ".join("".join(pieces).split())


def _pieces(message: LabelledMessage) -> Iterator[str]:
    at = 0
    for entity in sorted(message.entities, key=lambda each: each.start):
        if entity.start < at:
            continue
        yield _plain(message.text[at : entity.start])
        note = {"entity": entity.name, **({"value": entity.value} if entity.value != entity.text else {})}
        # Rasa takes the first closing brace for the end.
        written = json.dumps(note, ensure_ascii=False).removesuffix("}").replace("}", "\\u007d")
        yield f"[{_plain(entity.text)}]{written}}}"
        at = entity.end
    yield _plain(message.text[at:])


def _plain(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")


def _lines(values: Iterable[str]) -> str:
    return "".join(f"- {value}\n" for value in values)


def _write(file: Path, content: object) -> None:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1_000_000)
    file.write_text(text, encoding="utf-8")
