"""Recorded runs of modules that cannot be traced symbolically.

In: a module of the model. Out: a replacement of its `forward`. An `Island` runs the original on real tensors, records
the operations (`make_fx`) and what Python read, and replays the recording symbolically; a `FrozenForward` returns the
result on the example and asserts the inputs. May import `reads`, `polyfills`, `prepare`, `custom_ops` and `tracing`.
"""
