"""Report: the events of a trace go in, a `Report` comes out. May import `tracing` and `rules`."""
