"""Custom operators: answering for fake kernels that are missing, raise or are wrong, and making them from profiles."""
