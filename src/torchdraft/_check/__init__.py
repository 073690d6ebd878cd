"""Check: reports go in; findings that pass or fail, with what excuses them, come out. May import `_targets`."""
