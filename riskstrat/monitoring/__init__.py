"""Lists in use, watched: recent, unchanged, calibrated, worked through and fair; each alert with a known chance."""
