"""The weekly lists: choosing cases, what changed, the content of each team's documents."""
