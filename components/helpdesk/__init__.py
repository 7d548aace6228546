"""The domain: tenants, keys, knowledge ingestion, answering, feedback, evaluation."""
