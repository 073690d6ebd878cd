"""Measures how many planted errors `torchdraft.verify` finds.

    python -m tests.verify.planted --n 200

The programs are drafts of the fuzzer's programs. A planting makes one change to the finished graph. Only plantings with
a witness count: an independent search (`witness.py`) must find an input on which the changed program silently differs
from eager. The search takes its inputs from the source of the program and has its own comparison.
"""
