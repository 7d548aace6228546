"""What the helpdesk does in several steps: durable runs of goals (AutoGen, or a declared plan) and of workflows."""
