"""A workspace with its data: what a verb past `ingest` starts from."""
