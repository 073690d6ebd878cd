"""Ship: a program goes in; a file for another runtime comes out, and a `Shipment` that says what became of each
assumption.

`prepared.py` writes the assumptions of the program into its graph as operations on tensors, makes writes outputs, and
hands the result to one exporter (`onnx.py`, `executorch.py`, `aoti.py`). `ship.py` runs the file and compares. May
import `runtimes`, `_verify`, `_draft`, `_source`, `_torch`, `saved` and `model`.
"""
