"""A trained local model as one file of numbers and JSON: nothing in it is ever run, and a damaged one is refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.core.embeddings import ModelIdentity
from components.core.errors import NluUnavailable
from components.nlu.confidence import Confidence
from components.nlu.local_entities import EntityRules, Phrase
from components.nlu.local_model import LocalModel
from components.nlu.local_training import Trained
from components.nlu.neighbours import Neighbours
from components.nlu.ngrams import NgramSpace

_FORMAT = 2
_MAGIC = b"helpdesk local nlu\n"
_AGAIN = "train it anew: helpdesk nlu train"


@dataclass(frozen=True)
class LocalModelFile:
    """What a file holds. data_fingerprint: of the NluData it was trained on. embedder: name and fingerprint of the one
    whose vectors it understands. responses: keys of the small talk."""

    data_fingerprint: str
    embedder: tuple[str, str]
    intents: tuple[str, ...]
    responses: tuple[str, ...]
    trained: Trained
    rules: EntityRules


def write_local_model(content: LocalModelFile, path: Path) -> None:
    """Replaces `path`: a reader finds the old model or the new one, whenever the process is killed. Raises OSError."""
    model, confidence = content.trained.model, content.trained.confidence
    described = {
        "data_fingerprint": content.data_fingerprint,
        "embedder": content.embedder,
        "intents": content.intents,
        "responses": content.responses,
        "phrases": [asdict(phrase) for phrase in content.rules.phrases],
        "patterns": dict(content.rules.patterns),
        "synonyms": dict(content.rules.synonyms),
        "vocabulary": model.ngram_space.vocabulary,
        "influence": content.trained.influence,
        "sharpness": content.trained.sharpness,
        "confidence_bias": confidence.bias,
        "threshold": confidence.threshold,
    }
    body = io.BytesIO()
    np.savez(
        body,
        described=np.frombuffer(json.dumps(described).encode(), np.uint8),
        ngram_weights=model.ngram_space.weights,
        projection=model.ngram_space.projection,
        centre=model.centre,
        weights=model.weights,
        bias=model.bias,
        whitening=model.neighbours.whitening,
        examples=model.neighbours.examples.astype(np.float16),
        starts=model.neighbours.starts,
        confidence=np.stack([confidence.mean, confidence.scale, confidence.weights]),
    )
    packed = body.getvalue()
    digest = hashlib.sha256(packed).hexdigest().encode()
    _replace(path, b"".join((_MAGIC, f"{_FORMAT}\n".encode(), digest, b"\n", packed)))


def read_local_model(path: Path, embedder: ModelIdentity) -> LocalModelFile:
    """Raises NluUnavailable for a file that is missing, foreign, cut, altered, of another format version, or trained on
    another embedder's vectors: each is made again by training."""
    try:
        written = path.read_bytes()
    except OSError as error:
        raise NluUnavailable(f"{path}: {error.strerror}; {_AGAIN}") from error
    if not written.startswith(_MAGIC):
        raise NluUnavailable(f"{path} is no model of the local classifier; {_AGAIN}")
    version, _, rest = written[len(_MAGIC) :].partition(b"\n")
    if version != str(_FORMAT).encode():
        found = version[:20].decode(errors="replace")
        raise NluUnavailable(f"{path} has the format version {found}, this helpdesk reads {_FORMAT}; {_AGAIN}")
    digest, _, packed = rest.partition(b"\n")
    if hashlib.sha256(packed).hexdigest().encode() != digest:
        raise NluUnavailable(f"{path} is cut short or altered: its checksum does not fit; {_AGAIN}")
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            content = _content(arrays, json.loads(arrays["described"].tobytes()))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise NluUnavailable(f"{path} cannot be read ({error!r}); {_AGAIN}") from error
    name, fingerprint = content.embedder
    if fingerprint != embedder.fingerprint or content.trained.model.centre.shape[-1] != embedder.dimensions:
        raise NluUnavailable(f"{path} was trained with the embedder {name!r}, not with {embedder.name!r}; {_AGAIN}")
    return content


def _content(arrays: Mapping[str, Any], described: Mapping[str, Any]) -> LocalModelFile:
    mean, scale, weights = arrays["confidence"]
    model = LocalModel(
        arrays["centre"],
        NgramSpace(tuple(described["vocabulary"]), arrays["ngram_weights"], arrays["projection"]),
        arrays["weights"],
        arrays["bias"],
        Neighbours(arrays["whitening"], arrays["examples"].astype(np.float32), arrays["starts"]),
    )
    confidence = Confidence(mean, scale, weights, described["confidence_bias"], described["threshold"])
    phrases = tuple(Phrase(tuple(each["words"]), each["entity"], each["value"]) for each in described["phrases"])
    patterns = {name: tuple(found) for name, found in described["patterns"].items()}
    name, fingerprint = described["embedder"]
    return LocalModelFile(
        described["data_fingerprint"],
        (name, fingerprint),
        tuple(described["intents"]),
        tuple(described["responses"]),
        Trained(model, described["influence"], described["sharpness"], confidence),
        EntityRules(phrases, patterns, described["synonyms"]),
    )


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
