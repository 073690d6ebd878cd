"""What the command line does besides calling the API: finding the target, checking it, writing files."""
