"""What customers come for, in their words: from the evaluation sets and the examples that the NLU is trained on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random

from apps.cli.traffic.arrivals import one_of
from apps.cli.traffic.script import Script, Wish
from components.helpdesk.evaluation.beir import load_evaluation_set
from components.nlu.rasa_files import read_rasa_project

_TALK = ("report_problem", "chitchat/ask_name", "chitchat/are_you_a_bot", "chitchat/how_are_you", "complaint",
         "cancel_subscription", "change_plan", "account_locked", "exchange", "invoice_question")  # fmt: skip
_ORDERS: dict[Wish, str] = {"order_status": "order_status", "refund": "refund"}


@dataclass(frozen=True)
class Wanted:
    """One wish. texts: the same in other words, as they are asked one after the other. documents: that answer it; none
    where it is not known, or nothing does. answerable: whether the knowledge should have it."""

    wish: Wish
    texts: tuple[str, ...]
    documents: frozenset[str] = frozenset()

    @property
    def of_order(self) -> bool:
        return self.wish in _ORDERS


class Wishes:
    """All that can be asked of one tenant."""

    def __init__(self, script: Script, domain: str, folder: Path, examples: Path) -> None:
        """folder: that paths of the script start from. examples: a Rasa project's."""
        self._script, self._part = script, script.of(domain)
        questions = load_evaluation_set(folder / self._part.evaluation)
        about: dict[frozenset[str], list[str]] = defaultdict(list)
        for query in questions.answerable:
            about[frozenset(questions.qrels[query])].append(questions.queries[query])
        self._questions = [(documents, tuple(texts)) for documents, texts in about.items()]
        said: dict[str, list[str]] = defaultdict(list)
        for message in read_rasa_project(examples).messages:
            # A number in it is an order's of somebody else.
            if not any(each.isdigit() for each in message.text):
                said[message.intent].append(message.text)
        self._said = {intent: tuple(texts) for intent, texts in said.items()}

    def one(self, chance: Random, *, upset: bool = False) -> Wanted:
        """What somebody comes for. upset: by what has gone wrong that day."""
        if upset and self._part.incident is not None:
            return Wanted("talk", (chance.choice(self._part.incident.says),))
        wish = one_of(chance, self._script.wishes)
        match wish:
            case "question":
                documents, texts = chance.choice(self._questions)
                return Wanted(wish, self._in_other_words(chance, texts), documents)
            case "gap":
                return Wanted(wish, self._in_other_words(chance, chance.choice(self._part.gaps)))
            case "foreign":
                return Wanted(wish, (chance.choice(self._part.foreign),))
            case "person":
                return Wanted(wish, (chance.choice(self._said["human"]),))
            case "talk":
                return Wanted(wish, (chance.choice(self._said[chance.choice(_TALK)]),))
            case _:
                return Wanted(wish, (chance.choice(self._said[_ORDERS[wish]]),))

    def _in_other_words(self, chance: Random, texts: tuple[str, ...]) -> tuple[str, ...]:
        """In any order; at the end, what was said first is said once more."""
        said = chance.sample(texts, len(texts))
        again = [form.format(text=said[0]) for form in self._script.again]
        return (*said, *chance.sample(again, len(again)))
