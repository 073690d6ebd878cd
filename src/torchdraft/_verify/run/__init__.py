"""One run of both sides on the same inputs, and the comparison of the results."""
