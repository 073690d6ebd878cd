"""Check: a finished program goes in; the differences from eager on the example come out.

`second_trace.py` finds out which effects of `forward` are harmless. May import `effects`, `prepare`, `state` and
`tracing`.
"""
