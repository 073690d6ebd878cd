"""Guards: a condition on symbols goes in; its answer comes out, from symbols or from real values, and with it an
assertion that the graph can hold.

The shape environment, the guards on sizes that it took, and the rewriting of conditions. May import `tracing`.
"""
