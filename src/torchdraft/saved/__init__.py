"""The file format: what torchdraft writes into a `.pt2` besides what `torch.export.save` writes.

Programs refer to the following names. They never change, and every version of torchdraft reads what earlier ones wrote;
`torch.export.load` reads it too, once torchdraft is imported.

- `torchdraft/report.json`: an extra file with the report (`docs/schema/report-v1.json`).
- `torchdraft.saved:TupleKey`: an enumeration that the loader looks up by this name. Its members stand for tuples that
  are keys of dictionaries in the structure of the inputs. Until 2026-11-30 it was `torchdraft._trace.keys:TupleKey`.
- `torchdraft.Held`, `torchdraft.Made`, `torchdraft.Keyed`: nodes of the structure of the outputs (`structures.py`).
- `torchdraft::call`: an operator that calls a custom operator and compares its results (`operator_calls.py`). The
  description in its first argument only gets further fields, which have a default.
- `__torchdraft_…__`: the only key of a JSON object that encodes a value which JSON does not have (`json_values.py`).
- A class that `torchdraft.register` registered: its module and qualified name.

Imports `_torch`, except for this file and `tuple_keys.py`, which work without torch.
"""

from .tuple_keys import TupleKey

__all__ = ["TupleKey"]
