"""The migrations of the worklist's tables."""
