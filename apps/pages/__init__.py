"""What the customers' chat and the agents' console have in common: one Gradio page for every tenant, and its files."""
