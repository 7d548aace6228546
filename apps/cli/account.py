"""Who is at the terminal, for histories that say who did something."""

from __future__ import annotations


def account_name() -> str:
    """Of the account that runs the command."""
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
