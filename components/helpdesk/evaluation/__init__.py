"""How good retrieval and answers are, and what may serve for it: each figure has its one definition here."""
