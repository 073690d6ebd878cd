"""Every change made to torch while a draft runs, one file per upstream subsystem. May import `_torch` and `tensors`."""
