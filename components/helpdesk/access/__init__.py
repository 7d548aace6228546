"""Who works with the helpdesk, and what each of them may see and do."""
