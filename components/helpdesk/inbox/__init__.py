"""What customers write on other channels: stored once, answered at once, and taken in order into its conversation."""
