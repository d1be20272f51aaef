"""The pages, by what somebody does on them; each module lists its own addresses."""
