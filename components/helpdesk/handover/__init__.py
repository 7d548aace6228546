"""People who take conversations over: who they are, what waits for them, and what they do with it."""
