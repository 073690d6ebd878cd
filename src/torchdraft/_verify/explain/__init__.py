"""What a difference means: the issue to blame, the failing node, a smaller counterexample."""
