"""Named documents of a published list."""
