"""Facts of what happened, as Parquet files of one tenant each, and DuckDB to ask them."""
