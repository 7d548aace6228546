"""What an engine of understanding is trained on, whichever file it was read from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property

from components.core.errors import InvalidNluData
from components.core.nlu import Entity

LEAST_INTENTS = 2
LEAST_MESSAGES = 2


@dataclass(frozen=True)
class LabelledMessage:
    """A customer's message and what it means. entities: in order of their place in `text`."""

    text: str
    intent: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True)
class NluData:
    """Everything that a project says about understanding messages.

    messages: none of them empty. synonyms: lower-case variant to value. lookups: values by entity name. patterns:
    regular expressions by entity name. responses: texts of small talk by key (`chitchat/ask_name`, which is an intent
    too). language: as the project declares it, `en` where it does not. out_of_scope: examples of what belongs to no
    intent. problems: what looks wrong and yet does not stop a training; no part of the fingerprint.
    """

    messages: tuple[LabelledMessage, ...]
    synonyms: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    responses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str = "en"
    out_of_scope: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @cached_property
    def intents(self) -> tuple[str, ...]:
        """Names in alphabetical order, each once."""
        return tuple(sorted({message.intent for message in self.messages}))

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the content, in hexadecimal digits; the order of files and messages does not matter."""
        content = {
            "messages": sorted(json.dumps(asdict(message), sort_keys=True) for message in self.messages),
            "synonyms": dict(self.synonyms),
            "lookups": {name: sorted(values) for name, values in self.lookups.items()},
            "patterns": {name: sorted(values) for name, values in self.patterns.items()},
            "responses": {key: list(texts) for key, texts in self.responses.items()},
            "language": self.language,
            "out_of_scope": sorted(self.out_of_scope),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def counted_out(self, label: str | None) -> NluData:
        """The same, with the messages labelled `label` as examples of what belongs to no intent."""
        kept = [message for message in self.messages if message.intent != label]
        outside = [message.text for message in self.messages if message.intent == label]
        return replace(self, messages=tuple(kept), out_of_scope=(*self.out_of_scope, *outside))

    def with_messages(self, messages: Sequence[LabelledMessage]) -> NluData:
        """The same project with other messages, such as one fold's."""
        return replace(self, messages=tuple(messages))


def check_trainable(data: NluData, source: str, *, least_messages: int = LEAST_MESSAGES) -> None:
    """Raises InvalidNluData, naming `source`, for fewer than two intents or fewer than `least_messages` of one."""
    if len(data.intents) < LEAST_INTENTS:
        found = f"only the intent {data.intents[0]!r}" if data.intents else "no intent"
        raise InvalidNluData(f"{source}: {found}; at least {LEAST_INTENTS} intents are needed to tell apart")
    counts = Counter(message.intent for message in data.messages)
    few = [intent for intent in data.intents if counts[intent] < least_messages]
    if few:
        others = f" (and {len(few) - 1} more intents have too few)" if len(few) > 1 else ""
        raise InvalidNluData(
            f"{source}: intent {few[0]!r} has {counts[few[0]]} example{others}; at least {least_messages} are needed"
        )
