"""Custom operators: a call of an operator goes in; fake outputs that agree with its real kernel come out.

Fake kernels are compared with the real ones, missing ones are replaced by what a real run returned, and profiles of the
calls are recorded for other processes. May import `tracing`.
"""
