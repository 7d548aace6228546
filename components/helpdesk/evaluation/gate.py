"""May what is new take the place of what serves? One rule for indexes and prompts, on pairs of the same questions.

Worse is a drop beyond chance: the interval of the mean difference lies wholly below 0. It is also a drop of more than
ALLOWED_DROP however uncertain, since a set too small to tell is no reason to let customers find out. A fixed tolerance
of 0.02, as there was before, is neither: over twenty questions one that falls from the first place to the second moves
the mean by 0.02, and over a thousand a drop of 0.015 is no accident. Nothing is beyond chance over fewer than
LEAST_PAIRS, whose resamples are too much alike: of five, all fall by a toss of coins one time in thirty-two.

What a language model thinks of answers is noisy: it says otherwise when asked again. There a drop of any size over few
questions says more about the model than about what it read, so that only one beyond chance blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from components.helpdesk.evaluation.intervals import Interval, mean

Verdict = Literal["better", "not_worse", "undecided", "worse"]
# Of a mean of values from 0 to 1: a tenth is what a team notices, and about what chance moves over twenty questions.
ALLOWED_DROP = 0.10
LEAST_PAIRS = 6


@dataclass(frozen=True)
class Judgement:
    """difference: mean of after less before over `pairs` questions; None where there is no pair, and then nothing
    speaks against what is new. verdict: not_worse where a drop of more than ALLOWED_DROP is ruled out, undecided where
    it is not."""

    verdict: Verdict
    difference: Interval | None
    pairs: int

    @property
    def blocks(self) -> bool:
        return self.verdict == "worse"


def judge(before: Mapping[str, float], after: Mapping[str, float], *, opinions: bool = False) -> Judgement:
    """Values of 0 to 1 by question, more being better; only questions that both have count. opinions: the values are a
    language model's."""
    differences = [after[question] - before[question] for question in before if question in after]
    difference = mean(differences)
    if difference is None:
        return Judgement("undecided", None, 0)
    pairs = len(differences)
    return Judgement(_verdict(difference, pairs, certain=opinions), difference, pairs)


def _verdict(difference: Interval, pairs: int, *, certain: bool) -> Verdict:
    """certain: a drop is one beyond chance only."""
    if _falls(difference, pairs) or (difference.value < -ALLOWED_DROP and not certain):
        return "worse"
    if pairs < LEAST_PAIRS and (certain or difference.value):
        return "undecided"
    if difference.low > 0:
        return "better"
    return "not_worse" if difference.low >= -ALLOWED_DROP else "undecided"


def _falls(difference: Interval, pairs: int) -> bool:
    """Beyond chance."""
    return difference.high < 0 and pairs >= LEAST_PAIRS


def told(judgement: Judgement, figure: str) -> str:
    """In one sentence, for people. figure: what the values are, such as nDCG@10."""
    difference = judgement.difference
    if difference is None:
        return f"{figure}: no question to compare by"
    falls = _falls(difference, judgement.pairs)
    words = {
        "better": "better beyond chance",
        "not_worse": "not worse",
        "undecided": "too few questions to tell",
        "worse": "worse beyond chance" if falls else f"worse by more than the allowed {ALLOWED_DROP:g}",
    }
    return (
        f"{figure} {difference.value:+.3f} (95 %: {difference.low:+.3f} to {difference.high:+.3f}) "
        f"over {judgement.pairs} questions: {words[judgement.verdict]}"
    )
