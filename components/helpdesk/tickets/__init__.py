"""Cases for people: each is what its events come to, with clocks that run by the tenant's business hours."""
