"""Which engine understands a tenant's customers: its NLU project, what was trained on it, and who leads."""
