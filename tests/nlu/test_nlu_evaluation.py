"""The figures of an engine, checked by hand on one whose answers are known, and cross-validation of a real one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidNluData
from components.core.nlu import EngineName, Entity, Understanding
from components.nlu.confidence import IN_SCOPE_WEIGHT, best_threshold
from components.nlu.evaluation import cross_validate, evaluate
from components.nlu.figures import AtThreshold, Confusion
from components.nlu.folds import group_numbers, stratified_folds
from components.nlu.local_classifier import LocalClassifier
from components.nlu.training_data import LabelledMessage, NluData
from tests.nlu.nlu_examples import OUT_OF_SCOPE, bundled_embedder, shop_data


class WordEngine:
    """Keeps core's NluEngine: a message says `intent confidence`, and is understood as that."""

    name: EngineName = "local"
    version = "words"

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold

    def parse(self, text: str, *, deadline: float) -> Understanding:
        intent, confidence, *named = text.split()
        entities = tuple(Entity("thing", word, word, text.index(word), text.index(word) + len(word)) for word in named)
        return Understanding(intent, float(confidence), self.threshold, "local", entities=entities)


def said(intent: str, taken_for: str, confidence: float, entities: tuple[Entity, ...] = ()) -> LabelledMessage:
    return LabelledMessage(f"{taken_for} {confidence}", intent, entities)


def test_the_figures_are_what_they_say() -> None:
    test = [said("a", "a", 0.9), said("a", "a", 0.4), said("a", "b", 0.8), said("b", "b", 0.7), said("new", "b", 0.6)]
    report = evaluate(WordEngine(), test, ["a 0.3", "b 0.75"], known=["a", "b"])
    assert report.messages == 5
    assert report.accuracy == pytest.approx(3 / 5)
    assert [(score.intent, score.support) for score in report.intents] == [("new", 1), ("b", 1), ("a", 3)]
    f1_of_a, f1_of_b = 2 * 2 / (2 + 3), 2 * 1 / (3 + 1)
    assert report.macro_f1 == pytest.approx((f1_of_a + f1_of_b + 0) / 3)
    assert report.confusions == (Confusion("a", "b", 1), Confusion("new", "b", 1))
    assert report.unknown_intents == ("new",)
    assert report.at_threshold == AtThreshold(0.5, 2 / 5, 1 / 2)
    # Of the ten pairs of an in-scope and an out-of-scope confidence, seven are in order.
    assert report.out_of_scope_auroc == pytest.approx(7 / 10)
    assert report.entity_f1 is None
    assert report.utterances_per_second > 0


def test_a_threshold_may_be_given_from_outside() -> None:
    report = evaluate(WordEngine(), [said("a", "a", 0.6)], ["a 0.7"], known=["a"], threshold=0.65)
    assert report.at_threshold == AtThreshold(0.65, 0.0, 0.0)
    assert evaluate(WordEngine(), [said("a", "a", 0.6)], known=["a"]).at_threshold is None


def test_an_entity_counts_where_name_and_place_are_right() -> None:
    text = "a 0.9 kayak tent"
    marked = (Entity("thing", "kayak", "kayak", 6, 11), Entity("other", "tent", "tent", 12, 16))
    report = evaluate(WordEngine(), [LabelledMessage(text, "a", marked)], known=["a"])
    assert report.entity_f1 == pytest.approx(2 * 1 / (2 + 2))


def test_cross_validation_asks_about_each_message_once_and_never_about_one_it_trained_on() -> None:
    data = NluData(shop_data().messages, out_of_scope=OUT_OF_SCOPE)
    trained: list[NluData] = []
    asked: list[list[str]] = []

    class Memory(WordEngine):
        def parse(self, text: str, *, deadline: float) -> Understanding:
            asked[-1].append(text)
            return Understanding("greet", 0.9, 0.5, "local")

    def make_engine(part: NluData) -> Memory:
        trained.append(part)
        asked.append([])
        return Memory()

    found = cross_validate(data, make_engine, folds=4, seed=1)
    assert found.folds == 4
    assert len(trained) == 5
    for part, texts in zip(trained, asked, strict=True):
        assert not {message.text for message in part.messages} & set(texts)
        assert not set(part.out_of_scope) & set(texts)
    in_folds = [text for texts in asked[:4] for text in texts]
    assert sorted(in_folds) == sorted([*(message.text for message in data.messages), *OUT_OF_SCOPE])
    assert {message.intent for message in trained[4].messages} < set(data.intents)
    assert found.accuracy == pytest.approx(1 / 8)
    assert found.report.unknown_intents == ()


def test_the_local_classifier_does_well_on_messages_it_has_not_seen() -> None:
    told: list[tuple[str, int, int]] = []
    found = cross_validate(
        shop_data(),
        lambda part: LocalClassifier.train(part, bundled_embedder()),
        folds=2,
        on_progress=lambda *step: told.append(step),
    )
    assert found.accuracy >= 0.7
    assert found.report.out_of_scope_auroc is not None
    assert found.report.out_of_scope_auroc > 0.6
    assert 0 < found.threshold < 1
    assert found.train_seconds > 0
    assert told[-1] == ("cross-validating", 3, 3)


def test_one_intent_cannot_be_cross_validated() -> None:
    with pytest.raises(InvalidNluData, match="only the intent 'a'"):
        cross_validate(NluData((LabelledMessage("x", "a"),)), lambda _: WordEngine())


def test_two_intents_leave_none_out() -> None:
    data = NluData(tuple(said(intent, intent, 0.5 + step / 10) for intent in "ab" for step in range(3)))
    found = cross_validate(data, lambda _: WordEngine(), folds=5)
    assert (found.folds, found.accuracy, found.threshold) == (3, 1.0, 0.5)
    assert found.report.at_threshold is None


labels = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)


@settings(max_examples=100, deadline=None)
@given(labels=labels, count=st.integers(2, 6), seed=st.integers(0, 3))
def test_folds_share_every_intent_evenly(labels: np.ndarray, count: int, seed: int) -> None:
    folds = stratified_folds(labels, count, seed=seed)
    for label in np.unique(labels):
        shares = np.bincount(folds[labels == label], minlength=count)
        assert shares.max() - shares.min() <= 1
    assert (stratified_folds(labels, count, seed=seed) == folds).all()


@given(intents=st.integers(1, 40), count=st.integers(2, 6))
def test_a_group_of_intents_never_is_all_of_them_but_one(intents: int, count: int) -> None:
    groups = group_numbers(intents, count, seed=0)
    for number in range(count):
        assert (groups != number).sum() >= min(intents, 2) or not (groups == number).any()


confidences = st.lists(st.integers(0, 98).map(lambda percent: percent / 100), max_size=25)


@settings(max_examples=60, deadline=None)
@given(right=confidences, wrong=confidences, outside=confidences)
def test_no_other_threshold_would_gain_more(right: list[float], wrong: list[float], outside: list[float]) -> None:
    sure = np.array(right + wrong)
    is_right = np.repeat([True, False], [len(right), len(wrong)])
    away = np.array(outside)
    chosen = best_threshold(sure, is_right, np.zeros(0), away, default=0.25)
    if not len(sure) or not outside:
        assert chosen == 0.25
        return

    def gain(threshold: float) -> float:
        return float(IN_SCOPE_WEIGHT * (is_right & (sure >= threshold)).mean() + (away < threshold).mean())

    assert gain(chosen) >= max(gain(threshold) for threshold in np.linspace(0, 1, 201)) - 1e-9
