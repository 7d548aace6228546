"""The HTTP API: one ASGI application over the workbench, and the server that runs it."""
