"""How good retrieval is, and when not to answer: each figure has its one definition here."""
