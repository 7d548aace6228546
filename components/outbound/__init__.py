"""Calls to addresses that a tenant's configuration, or somebody's document, names: only where they may go."""
