"""Whether a language model is where its name says, before anything heavy is imported."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from components.core.errors import ModelUnavailable

HUB_SECONDS = 3.0
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_INSTEAD = "copy the model's folder here and give its path"


def find_model(model: str) -> None:
    """Looks for the configuration of a hub id or a folder; blocks while the hub is asked, or not, within seconds.
    Raises ModelUnavailable, saying what to do, where there is none."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelUnavailable(f"the folder {model!r} holds no model: there is no config.json in it")
        return
    if not _HUB_ID.fullmatch(model):
        raise ModelUnavailable(f"model={model!r} is neither a folder that exists nor a hub id (`owner/model`)")
    from huggingface_hub import constants, get_token, try_to_load_from_cache

    if isinstance(try_to_load_from_cache(model, "config.json"), str):
        return
    if constants.HF_HUB_OFFLINE:
        raise ModelUnavailable(f"the model {model!r} is not in the cache, and HF_HUB_OFFLINE is set; {_INSTEAD}")
    token = get_token()
    try:
        # Not through huggingface_hub, which tries five times, for half a minute.
        found = httpx.head(
            f"{constants.ENDPOINT}/{model}/resolve/main/config.json",
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=HUB_SECONDS,
            follow_redirects=True,
        )
    except httpx.HTTPError as error:
        raise ModelUnavailable(
            f"the model {model!r} is not in the cache, and the model hub cannot be reached "
            f"({str(error) or type(error).__name__}); {_INSTEAD}"
        ) from error
    if found.status_code >= 400:
        raise ModelUnavailable(
            f"the model hub answered {found.status_code} about {model!r}; check its name and whether HF_TOKEN may "
            f"read it, or {_INSTEAD}"
        )
