"""Panel apps and Voila notebooks: layout only; every figure comes from components.helpdesk."""
