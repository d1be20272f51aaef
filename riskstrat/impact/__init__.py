"""Whether lists change what comes of the people on them: what could be told at all, and what can be told."""
