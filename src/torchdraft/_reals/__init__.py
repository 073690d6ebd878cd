"""Real values on demand: a tape of what the trace did, and the evaluation of just the slice somebody asks for."""
