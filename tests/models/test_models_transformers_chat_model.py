"""The model in this process: loading, turns, sampling, whole characters, messages that stay in their place."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch

from components.core.chat_model import ChatRequest
from components.core.errors import (
    InvalidInput,
    ModelOverloaded,
    ModelTimedOut,
    ModelUnavailable,
    PromptTooLong,
)
from components.core.model_catalogue import ModelDeclaration
from components.models.transformers_chat_model import TransformersChatModel
from components.models.worker_streams import MAX_UNDER_WAY
from tests.models.chat_models_under_test import asked, completion, run
from tests.models.tiny_llm import write_tiny_llm


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llm(tmp_path_factory.mktemp("tiny"), context=8192)


@contextmanager
def hub(status: int) -> Iterator[tuple[str, list[str]]]:
    """A model hub that answers with `status`; its address, and the paths that it was asked for."""
    asked_for: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked_for.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked_for
        finally:
            server.shutdown()
            thread.join()


def build(folder: Path | str, **fields: int) -> TransformersChatModel:
    return TransformersChatModel(ModelDeclaration("mine", "transformers", str(folder), **fields))  # type: ignore[arg-type]


def text_of(folder: Path, request: ChatRequest) -> str:
    async def once() -> str:
        model = build(folder)
        try:
            return (await completion(model, request)).text
        finally:
            await model.close()

    return run(once())


def test_a_model_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    async def fails() -> None:
        model = build(tmp_path / "nowhere")
        for attempt in (lambda: completion(model, asked()), model.check):
            with pytest.raises(ModelUnavailable, match="nowhere"):
                await attempt()  # type: ignore[operator]
        await model.close()

    run(fails())


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    async def fails() -> None:
        model = build(tmp_path)
        for attempt in (lambda: completion(model, asked()), model.check):
            with pytest.raises(ModelUnavailable, match=r"config\.json|path"):
                await attempt()  # type: ignore[operator]
        await model.close()

    run(fails())


def test_broken_weights_are_unavailable_and_a_repaired_folder_serves(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    (folder / "model.safetensors").write_bytes(b"\x00" * 100)

    async def fails_then_serves() -> None:
        model = build(folder)
        with pytest.raises(ModelUnavailable, match="cannot be loaded"):
            await completion(model, asked())
        shutil.copy(tiny / "model.safetensors", folder)
        assert (await completion(model, asked())).text
        await model.close()

    run(fails_then_serves())


def test_a_model_without_a_chat_template_is_refused(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    (folder / "chat_template.jinja").unlink()

    async def fails() -> None:
        model = build(folder)
        with pytest.raises(ModelUnavailable, match="no chat template"):
            await completion(model, asked())
        await model.close()

    run(fails())


def test_who_cannot_wait_for_the_load_is_released_and_the_next_is_served(tiny: Path) -> None:
    async def loads() -> None:
        model = build(tiny)
        with pytest.raises(ModelTimedOut):
            await completion(model, asked(deadline=0.0001))
        assert (await completion(model, asked())).text
        assert model.device is not None
        await model.close()
        assert model.device is None

    run(loads())


def test_a_load_goes_on_after_its_caller_was_released(tiny: Path) -> None:
    async def is_loaded_after_all() -> bool:
        model = build(tiny)
        with pytest.raises(ModelTimedOut):
            await completion(model, asked(deadline=0.003))
        for _ in range(50):
            await asyncio.sleep(0.01)
            if model.device is not None:
                break
        loaded = model.device is not None
        await model.close()
        return loaded

    # A deadline that passes before the worker takes the request begins no load.
    assert any(run(is_loaded_after_all()) for _ in range(20))


def test_more_than_the_context_is_too_long(tiny: Path) -> None:
    async def refused(model: TransformersChatModel, request: ChatRequest, limit: int) -> None:
        with pytest.raises(PromptTooLong, match=str(limit)):
            await completion(model, request)
        await model.close()

    run(refused(build(tiny), asked(max_tokens=8192), 8192))
    run(refused(build(tiny, context_tokens=300), asked(max_tokens=100), 300))


def test_the_very_last_token_of_the_context_can_be_used(tiny: Path) -> None:
    async def fits() -> None:
        model = build(tiny, context_tokens=400)
        prompt = (await completion(model, asked(max_tokens=1))).input_tokens
        assert (await completion(model, asked(max_tokens=400 - prompt))).output_tokens == 400 - prompt
        with pytest.raises(PromptTooLong):
            await completion(model, asked(max_tokens=401 - prompt))
        await model.close()

    run(fits())


def test_an_equal_seed_gives_an_equal_text_and_another_another(tiny: Path) -> None:
    texts = {seed: text_of(tiny, asked(temperature=1.0, seed=seed)) for seed in (1, 2)}
    assert texts[1] != texts[2]
    assert text_of(tiny, asked(temperature=1.0, seed=1)) == texts[1]
    assert text_of(tiny, asked()) == text_of(tiny, asked(seed=5)) == text_of(tiny, asked(temperature=1.0, top_p=1e-6))


def test_sampling_leaves_everybody_elses_random_numbers_alone(tiny: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = torch.rand(4)
        torch.manual_seed(3)
        text_of(tiny, asked(temperature=1.0, seed=1))
        text_of(tiny, asked(temperature=1.0))
        assert torch.equal(torch.rand(4), expected)


def test_gumbel_noise_draws_each_token_as_often_as_its_probability() -> None:
    from components.models.causal_lm import GumbelNoise

    chances = torch.tensor([0.6, 0.25, 0.1, 0.05])
    noise = GumbelNoise(torch.Generator().manual_seed(1))
    drawn = noise(torch.zeros(0), chances.log().expand(20_000, 4)).argmax(-1)
    assert torch.allclose(torch.bincount(drawn, minlength=4) / 20_000, chances, atol=0.02)


def test_a_text_may_end_by_itself(tmp_path: Path) -> None:
    folder = write_tiny_llm(tmp_path, ends_after="aeiouAEIOU0123456789")

    async def ends() -> None:
        model = build(folder)
        found = await completion(model, asked(max_tokens=2000))
        assert found.finish_reason == "stop"
        assert found.text[-1] in "aeiouAEIOU0123456789"
        assert found.output_tokens == len(found.text.encode()) + 1
        await model.close()

    run(ends())


def test_who_waits_for_a_turn_is_released_at_the_deadline_and_costs_nothing(tiny: Path) -> None:
    async def waits() -> None:
        model = build(tiny)
        await completion(model, asked(max_tokens=1))
        async with aclosing(model.stream(asked(max_tokens=7000))) as first:  # type: ignore[type-var]
            await anext(first)
            waiting = [completion(model, asked(deadline=0.2)) for _ in range(5)]
            released = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(each) for each in released] == [ModelTimedOut] * 5
        assert (await completion(model, asked(deadline=20))).text
        await model.close()

    run(waits())


def test_more_waiting_than_allowed_is_overloaded(tiny: Path) -> None:
    async def overloads() -> None:
        model = build(tiny)
        requests = [asyncio.create_task(completion(model, asked(deadline=0.5))) for _ in range(MAX_UNDER_WAY + 3)]
        found = await asyncio.gather(*requests, return_exceptions=True)
        assert [type(each) for each in found].count(ModelOverloaded) == 3
        await model.close()

    run(overloads())


def test_one_model_serves_several_event_loops(tiny: Path) -> None:
    model = build(tiny)
    texts = [run(completion(model, asked())).text for _ in range(3)]
    assert len(set(texts)) == 1
    run(model.close())


def test_a_loop_that_went_away_leaves_the_worker_free(tiny: Path) -> None:
    model = build(tiny)

    async def leaves() -> None:
        await anext(model.stream(asked(max_tokens=7000)))

    run(leaves())
    assert run(completion(model, asked(deadline=20))).text
    run(model.close())


def test_numbers_out_of_range_are_invalid_input(tiny: Path) -> None:
    async def refuses() -> None:
        model = build(tiny)
        for field, value in {"max_tokens": 0, "temperature": -1.0, "top_p": 0.0, "messages": ()}.items():
            with pytest.raises(InvalidInput, match=field):
                await completion(model, asked(**{field: value}))
        await model.close()

    run(refuses())


def test_a_models_own_sampling_defaults_do_not_make_greedy_random(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "do_sample": True, "temperature": 1.5, "top_k": 5}))
    assert text_of(folder, asked()) == text_of(tiny, asked())


@pytest.mark.parametrize(("status", "says"), [(404, "answered 404"), (401, "HF_TOKEN"), (200, None)])
def test_the_hub_is_asked_once_whether_it_has_the_model(
    status: int, says: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub(status) as (address, asked_for):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        model = build("owner/model")
        if says is None:
            run(model.check())
        else:
            with pytest.raises(ModelUnavailable, match=says):
                run(model.check())
        run(model.close())
    assert asked_for == ["/owner/model/resolve/main/config.json"]


def test_a_hub_out_of_reach_is_unavailable_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(200) as (address, _):
        pass
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    model = build("owner/model")
    for attempt in (model.check, lambda: completion(model, asked())):
        with pytest.raises(ModelUnavailable, match=r"cannot be reached.*give its path"):
            run(attempt())  # type: ignore[arg-type]
    run(model.close())
