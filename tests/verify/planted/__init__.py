"""Measures `torchdraft.verify`: programs made wrong on purpose, one way each, and whether it sees them.

    python -m tests.verify.planted --n 200

The programs are the fuzzer's, drafted; a planting changes one thing in the finished graph. Only plantings that are
seen to be wrong count: an independent search (`witness.py`), with inputs that the program's own source makes and a
comparison of its own, has to find an input on which the changed program differs from eager without a word.
"""
