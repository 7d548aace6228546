"""People who take over: their sockets, their desk, and what both are told as it happens."""
