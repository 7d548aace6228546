"""Rasa over HTTP: what is believed of its answers, and that no fault of it costs more than its deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidSetting, NluUnavailable
from components.core.nlu import NluEngine
from components.nlu.rasa_circuit import OPEN_SECONDS, RasaCircuit
from components.nlu.rasa_engine import RECHECK_SECONDS, RasaEngine
from components.nlu.rasa_wire import LONGEST_MESSAGE, InvalidAnswer, read_parse, sent_text
from tests.nlu.rasa_faulty_server import FAULTS, faulty_rasa, well

DEADLINE = 0.6
SLACK = 5.0  # of a machine that is busy with other tests


@contextmanager
def rasa_engine(url: str, threshold: float = 0.5, clock: Callable[[], float] = time.monotonic) -> Iterator[RasaEngine]:
    engine = RasaEngine(url, threshold=threshold, clock=clock)
    try:
        yield engine
    finally:
        engine.close()


class Clock:
    """Goes forward when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_becomes_an_understanding() -> None:
    entities = [
        {"entity": "order_number", "start": 16, "end": 22, "value": "104432", "confidence_entity": 0.99, "role": None},
        {"entity": "plan", "start": 0, "end": 1, "value": 5},
    ]
    with faulty_rasa(token="s3cret%2F%3D") as rasa, rasa_engine(rasa.url, 0.4) as engine:
        rasa.answer = {"entities": entities}
        kept: NluEngine = engine
        understood = kept.parse("  I want my money 104432 ", deadline=5)
    assert rasa.sent == ["I want my money 104432"]
    assert (understood.intent, understood.confidence, understood.response) == ("chitchat", 0.93, "chitchat/ask_name")
    assert (understood.threshold, understood.engine, understood.understood) == (0.4, "rasa", True)
    assert [(each.name, each.confidence) for each in understood.ranking] == [("chitchat", 0.93), ("greet", 0.07)]
    assert [(each.name, each.value, each.text, each.start, each.end) for each in understood.entities] == [
        ("plan", "5", "I", 2, 3),
        ("order_number", "104432", "104432", 18, 24),
    ]


def test_small_talk_may_be_named_as_the_training_data_names_it() -> None:
    with faulty_rasa() as rasa, closing(RasaEngine(rasa.url, threshold=0.5, full_intents=True)) as engine:
        assert engine.parse("who are you", deadline=5).intent == "chitchat/ask_name"


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_a_typed_error_within_the_deadline(fault: str) -> None:
    with faulty_rasa(fault, token="token-of-rasa") as rasa, rasa_engine(rasa.url) as engine:
        began = time.monotonic()
        with pytest.raises(NluUnavailable) as raised:
            engine.parse("hi there", deadline=DEADLINE)
        assert time.monotonic() - began < DEADLINE + SLACK
    assert engine.address in raised.value.message
    assert "token-of-rasa" not in raised.value.message


def test_nobody_there_is_a_typed_error() -> None:
    with faulty_rasa() as rasa:
        pass
    with rasa_engine(rasa.url) as engine, pytest.raises(NluUnavailable, match="cannot be reached"):
        engine.parse("hi", deadline=DEADLINE)


def test_another_release_of_rasa_is_not_believed() -> None:
    with faulty_rasa() as rasa:
        for version in ("4.0.1", "2.8.0", None, 3):
            rasa.version = version
            with rasa_engine(rasa.url) as engine, pytest.raises(NluUnavailable, match="is allowed"):
                engine.parse("hi", deadline=5)


def test_a_rasa_without_a_model_says_so_and_opens_no_circuit() -> None:
    with faulty_rasa() as rasa, rasa_engine(rasa.url) as engine:
        rasa.model_id = None
        for _ in range(8):
            with pytest.raises(NluUnavailable, match="no model"):
                engine.parse("hi", deadline=5)
        rasa.model_id = "first"
        assert engine.parse("hi", deadline=5).intent == "chitchat"
        assert engine.version == "first"


def test_the_model_is_asked_for_every_ten_seconds_at_most() -> None:
    clock = Clock()
    with faulty_rasa() as rasa, rasa_engine(rasa.url, clock=clock) as engine:
        for _ in range(5):
            engine.parse("hi", deadline=5)
        assert rasa.calls.count("GET /status") == 1
        rasa.model_id = "model-2"
        assert engine.version == "model-1"
        clock.now += RECHECK_SECONDS
        engine.parse("hi", deadline=5)
        assert engine.version == "model-2"
        assert rasa.calls.count("GET /status") == 2


def test_five_failures_leave_rasa_alone_until_a_probe_succeeds() -> None:
    clock = Clock()
    with faulty_rasa("error") as rasa, rasa_engine(rasa.url, clock=clock) as engine:
        for _ in range(5):
            with pytest.raises(NluUnavailable, match="500"):
                engine.parse("hi", deadline=5)
        calls = len(rasa.calls)
        with pytest.raises(NluUnavailable, match="left alone"):
            engine.parse("hi", deadline=5)
        assert len(rasa.calls) == calls
        clock.now += OPEN_SECONDS
        with pytest.raises(NluUnavailable, match="500"):
            engine.parse("hi", deadline=5)
        with pytest.raises(NluUnavailable, match="left alone"):
            engine.parse("hi", deadline=5)
        clock.now += OPEN_SECONDS
        rasa.fault = None
        assert engine.parse("hi", deadline=5).intent == "chitchat"
        assert engine.parse("hi", deadline=5).intent == "chitchat"


def test_many_threads_share_one_engine() -> None:
    with faulty_rasa() as rasa, rasa_engine(rasa.url) as engine:
        with ThreadPoolExecutor(16) as pool:
            texts = [f"message {number}" for number in range(200)]
            assert all(
                each.intent == "chitchat" for each in pool.map(lambda text: engine.parse(text, deadline=30), texts)
            )
        assert sorted(rasa.sent) == sorted(texts)


def test_one_tenants_rasa_is_never_asked_for_another() -> None:
    with faulty_rasa(token="of-a") as mine, faulty_rasa(token="of-b") as theirs:
        with rasa_engine(mine.url) as engine:
            engine.parse("secret of a", deadline=5)
        crossed = theirs.url.replace("of-b", "of-a")
        with rasa_engine(crossed) as engine, pytest.raises(NluUnavailable, match="401"):
            engine.parse("hello", deadline=5)
        assert (mine.sent, theirs.sent) == (["secret of a"], [])


@pytest.mark.parametrize(
    "url", ["", "rasa", "ftp://rasa:5005", "http://", "http://:tok3n@h:99999", "http://h/?token=tok3n"]
)
def test_an_address_that_is_none_is_refused_without_its_token(url: str) -> None:
    with pytest.raises(InvalidSetting) as raised:
        RasaEngine(url, threshold=0.5)
    assert "tok3n" not in raised.value.message


def test_a_threshold_outside_is_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"1\.2"):
        RasaEngine("http://127.0.0.1:5005", threshold=1.2)


def test_a_customer_cannot_dictate_an_intent() -> None:
    assert sent_text('/refund{"plan": "Pro"}') == ('refund{"plan": "Pro"}', 1)
    assert sent_text("  // /human") == ("human", 6)


def test_of_two_entities_at_one_place_the_surer_is_kept() -> None:
    found = [
        {"entity": "product", "start": 0, "end": 4, "value": "tent", "confidence_entity": 0.6},
        {"entity": "product", "start": 0, "end": 6, "value": "tent 2", "confidence_entity": 0.9},
        {"entity": "order_number", "start": 5, "end": 6, "value": "2", "confidence_entity": 0.3},
    ]
    understood = read_parse(well("tent 2", entities=found), "tent 2", 0, threshold=0.5)
    assert [(each.name, each.value) for each in understood.entities] == [("product", "tent 2"), ("order_number", "2")]


def test_nothing_trained_is_no_intent_and_no_confidence() -> None:
    understood = read_parse(well("hi", intent={"name": None, "confidence": 0.0}), "hi", 0, threshold=0.0)
    assert (understood.intent, understood.confidence, understood.understood) == (None, 0.0, False)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(key=st.sampled_from(["text", "intent", "entities", "intent_ranking", "response_selector"]), value=JSON)
def test_whatever_stands_in_an_answer_it_is_understood_or_refused(key: str, value: Any) -> None:
    try:
        understood = read_parse({**well("hi"), key: value}, "hi", 0, threshold=0.5)
    except InvalidAnswer:
        return
    assert 0 <= understood.confidence <= 1
    assert len(understood.ranking) <= 10


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=1_200))
def test_what_rasa_is_sent_stands_in_the_message_at_the_place_that_is_said(text: str) -> None:
    sent, cut = sent_text(text)
    assert len(sent) <= LONGEST_MESSAGE
    assert not sent.startswith("/")
    assert sent == sent.strip()
    assert all(a == b or b == "\ufffd" for a, b in zip(text[cut:], sent, strict=False))
    sent.encode()


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(["call fails", "call succeeds", "wait"]), st.integers(1, 40)), max_size=60)
)
def test_a_circuit_never_opens_early_and_never_stays_open(steps: list[tuple[str, int]]) -> None:
    clock = Clock()
    circuit = RasaCircuit(clock)
    failures: list[float] = []
    for step, seconds in steps:
        if step == "wait":
            clock.now += seconds
            continue
        permit = circuit.admit(1.0)
        if permit is None:
            assert circuit.seconds_left > 0
            assert len(failures) >= 5
            continue
        if step == "call fails":
            failures.append(clock.now)
            circuit.failed(permit)
        else:
            circuit.succeeded(permit)
    clock.now += OPEN_SECONDS
    permit = circuit.admit(1.0)
    assert permit is not None
    circuit.succeeded(permit)
    assert circuit.admit(1.0) == 0


def test_one_probe_at_a_time_and_a_lost_one_is_given_up_for() -> None:
    clock = Clock()
    circuit = RasaCircuit(clock)
    for _ in range(5):
        circuit.failed(0)
    clock.now += OPEN_SECONDS
    barrier, admitted = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait(10)
        admitted.append(circuit.admit(2.0))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (lost,) = [permit for permit in admitted if permit is not None]
    clock.now += 2.0
    probe = circuit.admit(2.0)
    assert probe is not None
    circuit.succeeded(lost)
    assert circuit.admit(2.0) is None
    circuit.succeeded(probe)
    assert circuit.admit(2.0) == 0
