"""The draft: a model and example inputs go in, an `ExportedProgram` with a `Report` comes out.

`pipeline.py` is the whole of it, top to bottom; each folder is one of its steps. A folder imports only folders that
`tools/layers.py` lists above it; all of them may import `_tape`, `_stack`, `_source`, `_torch` and `model`.
"""
