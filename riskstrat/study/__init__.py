"""From eligible people to a model and its evidence."""
