"""How the folder of a simulated borough is told from one of real people."""

MARK = "simulation.json"
"""Name of the file in it that says how it was made."""
