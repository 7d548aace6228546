"""What every room shares: errors, frozen data, the tenant, small Protocols, settings."""
