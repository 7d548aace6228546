"""Two runs over the same questions, paired: what got better, what got worse, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from components.helpdesk.evaluation.answer_run import AMOUNTS, OPINIONS, AnswerResult, AnswerRun
from components.helpdesk.evaluation.gate import Judgement, Verdict, judge, told
from components.helpdesk.evaluation.intervals import Interval, mean

COMPARED = ("right", "answered", "similarity", "grounded", *AMOUNTS)
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
    """judgement: by `right`. opinions: by what one and the same `judge` thinks of both; empty without one.
    differences: mean of after less before, by figure; of times only where both runs were asked side by side. changed:
    those whose rightness changed first. pairs: questions that both asked."""

    judgement: Judgement
    differences: dict[str, Interval]
    changed: tuple[ChangedQuestion, ...]
    pairs: int
    opinions: Mapping[str, Judgement] = field(default_factory=dict)
    judge: str | None = None

    @property
    def blocks(self) -> bool:
        return self.judgement.blocks or any(each.blocks for each in self.opinions.values())

    @property
    def verdict(self) -> Verdict:
        """By `right`, and worse where the judge is sure of it."""
        return "worse" if self.blocks else self.judgement.verdict

    @property
    def reason(self) -> str:
        """In one sentence, for people."""
        opinions = [told(each, name.replace("_", " ")) for name, each in self.opinions.items()]
        return "; ".join((told(self.judgement, "share of questions answered right"), *opinions))

    def summary(self) -> dict[str, Any]:
        """As the history and a refusal keep it: figures, and which questions changed."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "pairs": self.pairs,
            "judge": self.judge,
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
    """Only questions that both have asked in the same words count, whatever sets they are from; a judge's opinions only
    where both have the same judge."""
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
    judge_of_both = after.judge if before.judge == after.judge else None
    opinions = () if judge_of_both is None else OPINIONS
    beside = before.beside(after)
    compared = [name for name in (*COMPARED, *opinions) if name != TIMED or beside]
    differences = {name: _difference(pairs, name) for name in compared}
    judged = [(was, new) for was, new in pairs if was.right is not None and new.right is not None]
    return Comparison(
        judgement=judge(
            {was.question_id: float(bool(was.right)) for was, _ in judged},
            {new.question_id: float(bool(new.right)) for _, new in judged},
        ),
        differences={name: interval for name, interval in differences.items() if interval is not None},
        changed=tuple(sorted(changed, key=lambda each: not each.rightness_changed)),
        pairs=len(pairs),
        opinions={name: _opinions(pairs, name) for name in opinions if name in differences},
        judge=judge_of_both,
    )


def _opinions(pairs: list[tuple[AnswerResult, AnswerResult]], figure: str) -> Judgement:
    before, after = (
        {each.question_id: value for each in side if (value := getattr(each, figure)) is not None}
        for side in zip(*pairs, strict=True)
    )
    return judge(before, after, opinions=True)


def _difference(pairs: list[tuple[AnswerResult, AnswerResult]], figure: str) -> Interval | None:
    values = [(getattr(was, figure), getattr(new, figure)) for was, new in pairs]
    return mean([float(new) - float(was) for was, new in values if was is not None and new is not None])
