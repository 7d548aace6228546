"""One checksum for all that a tenant's sources hold: what tells whether a run is due."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from components.knowledge.source_declarations import SourceDeclaration

FINGERPRINT = "fingerprint"


def tenant_fingerprint(declared: Iterable[SourceDeclaration]) -> str:
    """Changes when a source of the tenant is added, removed or changes. Raises Unavailable."""
    lines = sorted(f"{source.name}\0{source.folder}\0{source.source.fingerprint()}" for source in declared)
    return sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()
