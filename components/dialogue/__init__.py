"""How the helpdesk talks: the flow language, its engine, and the turn."""
