"""The building blocks: importable, without a server or a screen; nothing happens at import."""
