"""A published list as data: what was listed, read back."""
