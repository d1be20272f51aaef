"""One function per verb of the command line; the only room that knows in which order things are done."""
