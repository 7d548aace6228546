"""How a tenant's knowledge does: how fresh it is, what fails, what nobody needs, what contradicts, what is missing."""
