"""Custom operators: a call of an operator goes in; outputs that agree with its real kernel come out.

Fake kernels are compared with the real ones, missing ones are inferred from a real run, profiles are recorded. May
import `tracing`.
"""
