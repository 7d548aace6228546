"""How good retrieval and answers are, and what may serve for it: each figure has its one definition here."""

from components.core.settings import quiet_third_parties

# As in components.retrieval: Haystack decides while it is imported whether it reports its use to its makers.
quiet_third_parties()
