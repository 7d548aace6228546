"""PostgreSQL: the embedded server, the tables, who may read which row, and the sessions that work on them."""
