"""Has a judge look at every answer of a run, some at a time: judging takes a model's time and nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from components.core.answers import Passage
from components.core.errors import NotFound
from components.helpdesk.evaluation.answer_judge import AnswerJudge, Opinion
from components.helpdesk.evaluation.answer_run import AnswerResult, AnswerRun

# Answers are asked one after another, since their seconds are measured; these are not. A provider's limit of calls a
# minute is reached soon enough.
AT_A_TIME = 4


def judged(
    run: AnswerRun,
    judge: AnswerJudge,
    passages_of: Callable[[AnswerResult], Sequence[Passage]],
    on_progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> AnswerRun:
    """The run with the judge's opinion of each answer in place of any that it had; a refusal is none's to judge.

    passages_of: what an answer was made of; may raise NotFound. on_progress: how many of the results are done.
    cancelled: asked after every answer; those under way are waited for.
    """
    found = {each.question_id: _without_opinion(each) for each in run.results}
    waiting = [each for each in found.values() if each.answered]
    pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="judge")
    called_off = False
    try:
        done = len(found) - len(waiting)
        for future in as_completed([pool.submit(_with_opinion, each, judge, passages_of) for each in waiting]):
            result = future.result()
            found[result.question_id] = result
            done += 1
            on_progress(done)
            if called_off := cancelled():
                break
    finally:
        pool.shutdown(cancel_futures=True)
    return replace(
        run,
        results=tuple(found.values()),
        judge=judge.model,
        judge_cost=judge.cost,
        judge_problem="",
        currency=run.currency or judge.currency,
        cancelled=run.cancelled or called_off,
    )


def _with_opinion(
    result: AnswerResult, judge: AnswerJudge, passages_of: Callable[[AnswerResult], Sequence[Passage]]
) -> AnswerResult:
    try:
        opinion = judge.judge(result.question, result.text, passages_of(result))
    except NotFound as error:
        opinion = Opinion(None, None, error=error.code)
    return replace(
        result,
        faithfulness=opinion.faithfulness,
        context_relevance=opinion.context_relevance,
        doubted=opinion.doubted,
        judge_error=opinion.error,
    )


def _without_opinion(result: AnswerResult) -> AnswerResult:
    return replace(result, faithfulness=None, context_relevance=None, doubted=(), judge_error=None)
