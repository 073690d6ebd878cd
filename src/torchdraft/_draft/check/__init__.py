"""Check: a finished program goes in; what differs from eager on the example comes out.

May import `effects`, `prepare`, `state` and `tracing`.
"""
