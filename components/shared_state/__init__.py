"""What processes share in Redis: the way there, and the bundled server for those who have none."""
