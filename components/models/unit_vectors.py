"""Every vector that leaves this room has length one, whoever made it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Matrix
from components.core.errors import ModelUnavailable


def unit_rows(rows: NDArray[np.floating], *, model: str) -> Matrix:
    """`rows`, shape (n, dimensions), each divided by its L2 norm, as float32 of its own memory.

    Raises ModelUnavailable for a row that is all zeros or holds a number that is not finite: such a
    vector is near to everything or to nothing, so it must not reach an index.
    """
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    usable = np.isfinite(norms) & (norms > 0)
    if not usable.all():
        bad = int(np.flatnonzero(~usable.ravel())[0])
        raise ModelUnavailable(
            f"the model {model!r} gave vector {bad} of {len(rows)} with length {float(norms[bad, 0])}; "
            "a vector's numbers must be finite and not all zero"
        )
    return np.ascontiguousarray(rows / norms, dtype=np.float32)
