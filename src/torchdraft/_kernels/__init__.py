"""Fake kernels: answering for operators that have none, checking those that have one."""
