"""How the helpdesk does: every figure of components.helpdesk.reports, for whoever answers for it."""
