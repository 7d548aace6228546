"""The page of a tenant's knowledge: how fresh it is, what fails, what is quoted, what contradicts, what is missing."""
