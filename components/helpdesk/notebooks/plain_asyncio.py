"""asyncio left as it is for the rest of a process, while notebooks are run in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def plain_asyncio() -> Iterator[None]:
    """Within, jupyter_client may not have nest_asyncio change asyncio for the whole process. It would, for a loop in
    a loop, which there is none of here; and asyncio.run would from then on leave open what others have begun."""
    import nest_asyncio

    apply = nest_asyncio.apply
    nest_asyncio.apply = lambda _loop=None: None
    try:
        yield
    finally:
        nest_asyncio.apply = apply
