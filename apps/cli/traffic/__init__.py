"""Conversations of the demo tenants, made through the real engine in simulated time."""
