"""The local classifier on the bundled embedder: what it understands, refuses to load, and never mixes up."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidNluData, NluUnavailable
from components.core.nlu import Entity
from components.nlu.local_classifier import LocalClassifier
from components.nlu.local_entities import EntityFinder, EntityRules
from components.nlu.training_data import LabelledMessage, NluData
from tests.nlu.nlu_examples import OUT_OF_SCOPE, UNSEEN, bundled_embedder, shop_data


@pytest.fixture(scope="module")
def shop() -> LocalClassifier:
    return LocalClassifier.train(shop_data(), bundled_embedder())


def ask(engine: LocalClassifier, text: str) -> str | None:
    return engine.parse(text, deadline=30.0).intent


def test_unseen_messages_are_understood(shop: LocalClassifier) -> None:
    found = {text: ask(shop, text) for text in UNSEEN}
    assert found == UNSEEN


def test_what_belongs_to_no_intent_is_less_sure_than_what_does(shop: LocalClassifier) -> None:
    inside = sorted(shop.parse(text, deadline=30.0).confidence for text in UNSEEN)
    outside = sorted(shop.parse(text, deadline=30.0).confidence for text in OUT_OF_SCOPE)
    assert inside[0] > outside[len(outside) // 2]
    understood = [shop.parse(text, deadline=30.0).understood for text in OUT_OF_SCOPE]
    assert sum(understood) <= len(understood) // 4


def test_an_understanding_is_whole(shop: LocalClassifier) -> None:
    found = shop.parse("what's your name?", deadline=30.0)
    assert (found.intent, found.response, found.engine) == ("chitchat/ask_name", "chitchat/ask_name", "local")
    assert found.ranking[0].name == found.intent
    assert found.ranking[0].confidence == found.confidence
    confidences = [each.confidence for each in found.ranking]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) <= 1 + 1e-6
    assert 0 < found.threshold < 1
    assert len(found.ranking) == 8
    assert shop.parse("where is my order", deadline=30.0).response is None


@pytest.mark.parametrize("text", ["", "   \n", "🙂🙂", "?!…", "\u200f\u202e"])
def test_a_message_without_a_word_is_understood_as_nothing(shop: LocalClassifier, text: str) -> None:
    found = shop.parse(text, deadline=30.0)
    assert (found.intent, found.confidence, found.understood) == (None, 0.0, False)


@pytest.mark.parametrize(
    "text",
    [
        "refund " * 15_000,
        "\ud800 refund \udfff",
        "אני רוצה החזר כספי",
        "退款" * 2_000,
        "\x01\x02refund\x7f",
        "a" * 5_000,
    ],
)
def test_any_text_is_answered(shop: LocalClassifier, text: str) -> None:
    found = shop.parse(text, deadline=30.0)
    assert found.intent in shop.intents
    assert 0 <= found.confidence <= 1


def test_past_its_deadline_nothing_is_answered(shop: LocalClassifier) -> None:
    for deadline in (0.0, 1e-9):
        with pytest.raises(NluUnavailable):
            shop.parse("hello", deadline=deadline)


def test_a_saved_model_answers_to_the_digit_alike(shop: LocalClassifier, tmp_path: Path) -> None:
    shop.save(tmp_path / "models" / "local.model")
    loaded = LocalClassifier.load(tmp_path / "models" / "local.model", bundled_embedder())
    assert (loaded.version, loaded.threshold, loaded.intents) == (shop.version, shop.threshold, shop.intents)
    for text in (*UNSEEN, *OUT_OF_SCOPE):
        one, other = (engine.parse(text, deadline=30.0) for engine in (shop, loaded))
        assert one.intent == other.intent
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["local.model"]


def test_the_same_data_give_the_same_model_in_whatever_order(shop: LocalClassifier) -> None:
    data = shop_data()
    again = LocalClassifier.train(data.with_messages(data.messages[::-1]), bundled_embedder(), threads=1)
    assert again.version == shop.version
    for text in UNSEEN:
        first, second = (engine.parse(text, deadline=30.0) for engine in (shop, again))
        assert first.confidence == pytest.approx(second.confidence, abs=1e-3)


def test_threads_get_each_its_own_answer(shop: LocalClassifier) -> None:
    texts = [*UNSEEN] * 10
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: ask(shop, text), texts))
    assert found == [UNSEEN[text] for text in texts]


def test_one_tenants_model_knows_nothing_of_anothers(shop: LocalClassifier, tmp_path: Path) -> None:
    flowers = NluData(
        (
            *(LabelledMessage(text, "buy_roses") for text in ("I want roses", "red roses please", "a bunch of roses")),
            *(LabelledMessage(text, "water") for text in ("how often to water", "it needs water?", "too dry")),
        ),
        lookups={"flower": ("tulip",)},
    )
    paths = tmp_path / "a" / "model", tmp_path / "b" / "model"
    shop.save(paths[0])
    LocalClassifier.train(flowers, bundled_embedder()).save(paths[1])
    loaded = [LocalClassifier.load(path, bundled_embedder()) for path in paths]
    asked = [engine.parse("refund my tulip", deadline=30.0) for engine in loaded]
    assert asked[0].intent == "refund"
    assert asked[0].entities == ()
    assert asked[1].intent in {"buy_roses", "water"}
    assert [entity.value for entity in asked[1].entities] == ["tulip"]
    assert b"roses" not in paths[0].read_bytes()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_never_loaded(
    shop: LocalClassifier, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "local.model"
    shop.save(path)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] if data.draw(st.booleans()) else whole[:at])
    with pytest.raises(NluUnavailable, match="train it anew"):
        LocalClassifier.load(path, bundled_embedder())


def test_a_foreign_or_missing_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "foreign").write_bytes(b"PK\x03\x04 something else")
    for name, said in (("foreign", "is no model"), ("missing", "No such file"), (".", "Is a directory")):
        with pytest.raises(NluUnavailable, match=said):
            LocalClassifier.load(tmp_path / name, bundled_embedder())


def test_a_file_of_another_version_says_so(shop: LocalClassifier, tmp_path: Path) -> None:
    path = tmp_path / "local.model"
    shop.save(path)
    magic, _, rest = path.read_bytes().split(b"\n", 2)
    path.write_bytes(b"\n".join((magic, b"99", rest)))
    with pytest.raises(NluUnavailable, match="format version 99"):
        LocalClassifier.load(path, bundled_embedder())


def test_a_model_of_another_embedder_is_refused(shop: LocalClassifier, tmp_path: Path) -> None:
    path = tmp_path / "local.model"
    shop.save(path)
    content = path.read_bytes()
    fingerprint = bundled_embedder().identity.fingerprint.encode()
    head, digest, body = content.split(b"\n", 3)[:2], *content.split(b"\n", 3)[2:]
    assert digest == hashlib.sha256(body).hexdigest().encode()
    with np.load(io.BytesIO(body)) as arrays:
        changed = {name: arrays[name] for name in arrays.files}
    described = changed["described"].tobytes().replace(fingerprint, b"0" * len(fingerprint))
    changed["described"] = np.frombuffer(described, np.uint8)
    rewritten = io.BytesIO()
    np.savez(rewritten, **changed)
    packed = rewritten.getvalue()
    path.write_bytes(b"\n".join((*head, hashlib.sha256(packed).hexdigest().encode(), packed)))
    with pytest.raises(NluUnavailable, match="was trained with the embedder 'bundled'"):
        LocalClassifier.load(path, bundled_embedder())


def test_one_intent_is_too_little_and_two_single_messages_are_enough() -> None:
    with pytest.raises(InvalidNluData, match="at least 2 intents"):
        LocalClassifier.train(NluData((LabelledMessage("hi", "greet"),)), bundled_embedder())
    least = NluData((LabelledMessage("hello", "greet"), LabelledMessage("where is my order", "order")))
    engine = LocalClassifier.train(least, bundled_embedder())
    assert ask(engine, "hello there") == "greet"
    assert ask(engine, "where is it, my order?") == "order"


def test_two_intents_have_a_threshold_that_lets_most_of_them_pass() -> None:
    data = shop_data()
    two = data.with_messages([message for message in data.messages if message.intent in ("refund", "password")])
    engine = LocalClassifier.train(two, bundled_embedder())
    assert ask(engine, "my password is gone") == "password"
    assert sum(engine.parse(message.text, deadline=30.0).understood for message in two.messages) >= 14


def test_out_of_scope_examples_teach_where_to_cut() -> None:
    data = shop_data()
    taught = NluData(data.messages, out_of_scope=OUT_OF_SCOPE)
    engine = LocalClassifier.train(taught, bundled_embedder())
    assert engine.intents == data.intents
    assert sum(engine.parse(text, deadline=30.0).understood for text in OUT_OF_SCOPE) <= 2
    assert engine.version != LocalClassifier.train(data, bundled_embedder()).version


def test_progress_is_told_to_its_end() -> None:
    told: list[tuple[str, int, int]] = []
    LocalClassifier.train(shop_data(), bundled_embedder(), on_progress=lambda *step: told.append(step))
    assert {stage for stage, _, _ in told} == {"embedding", "training"}
    assert all(last[1] == last[2] for last in (told[-1], [step for step in told if step[0] == "embedding"][-1]))


RULES = EntityRules.of(
    NluData(
        (
            LabelledMessage("I have the gold one", "x", (Entity("plan", "Pro", "gold one", 11, 19),)),
            LabelledMessage("order 999999", "x", (Entity("order", "999999", "999999", 6, 12),)),
        ),
        synonyms={"professional": "Pro", "n t": "Northtrail", "gold one": "Pro", "nothing known": "Nowhere"},
        lookups={"plan": ("Basic", "Pro", "Pro Max"), "product": ("Trailblazer tent", "Kayak")},
        patterns={"order": (r"\d{6}",), "email": (r"[\w.]+@[\w.]+",)},
    )
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("order 104432 please", [("order", "104432", "104432")]),
        ("I am on the PRO MAX plan", [("plan", "Pro Max", "PRO MAX")]),
        ("professional", [("plan", "Pro", "professional")]),
        ("the gold one", [("plan", "Pro", "gold one")]),
        ("my trailblzer tent", [("product", "Trailblazer tent", "trailblzer tent")]),
        ("my Trialblazer   tent!", [("product", "Trailblazer tent", "Trialblazer   tent")]),
        ("promise me a kayaks", []),
        (
            "kayak, basic: a@b.c",
            [("product", "Kayak", "kayak"), ("plan", "Basic", "basic"), ("email", "a@b.c", "a@b.c")],
        ),
        ("nothing known", []),
        ("🙂 Kayak", [("product", "Kayak", "Kayak")]),
    ],
)
def test_entities_are_found_where_they_stand(text: str, found: list[tuple[str, str, str]]) -> None:
    entities = EntityFinder(RULES).find(text)
    assert [(entity.name, entity.value, entity.text) for entity in entities] == found
    assert all(text[entity.start : entity.end] == entity.text for entity in entities)


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from("Pro Maxtrilbze104@.\n🙂"), max_size=60))
def test_entities_never_overlap_and_offsets_never_lie(text: str) -> None:
    entities = EntityFinder(RULES).find(text)
    for entity in entities:
        assert text[entity.start : entity.end] == entity.text
    for one, other in pairwise(entities):
        assert one.end <= other.start
