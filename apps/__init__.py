"""What runs: the HTTP API, the customer chat, the command line and the supervisor."""
