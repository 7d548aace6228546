"""Two runs over the same questions, paired: what got better, what got worse, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from components.helpdesk.evaluation.answer_run import AMOUNTS, AnswerResult, AnswerRun
from components.helpdesk.evaluation.gate import Judgement, Verdict, judge, told
from components.helpdesk.evaluation.intervals import Interval, mean

# What decides; more is better. The others are shown beside it.
DECISIVE = "right"
COMPARED = (DECISIVE, "answered", "similarity", "grounded", *AMOUNTS)
TIMED = "seconds"


@dataclass(frozen=True)
class ChangedQuestion:
    """A question that is judged otherwise now, or answered in other words."""

    question_id: str
    question: str
    before: AnswerResult
    after: AnswerResult

    @property
    def rightness_changed(self) -> bool:
        return self.before.right != self.after.right


@dataclass(frozen=True)
class Comparison:
    """verdict: by `right` alone. differences: mean of after less before, by figure; of times only where both runs were
    asked side by side. changed: those whose rightness changed first. pairs: questions that both asked."""

    judgement: Judgement
    differences: dict[str, Interval]
    changed: tuple[ChangedQuestion, ...]
    pairs: int

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict

    @property
    def reason(self) -> str:
        """In one sentence, for people."""
        return told(self.judgement, "share of questions answered right")

    def summary(self) -> dict[str, Any]:
        """As the history and a refusal keep it: figures, and which questions changed."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "pairs": self.pairs,
            "differences": {name: asdict(interval) for name, interval in self.differences.items()},
            "changed": [
                {
                    "question_id": each.question_id,
                    "question": each.question,
                    "before": each.before.right,
                    "after": each.after.right,
                }
                for each in self.changed
                if each.rightness_changed
            ],
        }


def compare(before: AnswerRun, after: AnswerRun) -> Comparison:
    """Only questions that both have asked in the same words count, whatever sets they are from."""
    old = {each.question_id: each for each in before.results}
    pairs = [
        (old[each.question_id], each)
        for each in after.results
        if each.question_id in old and old[each.question_id].question == each.question
    ]
    changed = [
        ChangedQuestion(new.question_id, new.question, was, new)
        for was, new in pairs
        if (was.right, was.answered, was.text) != (new.right, new.answered, new.text)
    ]
    beside = before.beside(after)
    differences = {name: _difference(pairs, name) for name in COMPARED if name != TIMED or beside}
    judged = [(was, new) for was, new in pairs if was.right is not None and new.right is not None]
    return Comparison(
        judgement=judge(
            {was.question_id: float(bool(was.right)) for was, _ in judged},
            {new.question_id: float(bool(new.right)) for _, new in judged},
        ),
        differences={name: interval for name, interval in differences.items() if interval is not None},
        changed=tuple(sorted(changed, key=lambda each: not each.rightness_changed)),
        pairs=len(pairs),
    )


def _difference(pairs: list[tuple[AnswerResult, AnswerResult]], figure: str) -> Interval | None:
    values = [(getattr(was, figure), getattr(new, figure)) for was, new in pairs]
    return mean([float(new) - float(was) for was, new in values if was is not None and new is not None])
