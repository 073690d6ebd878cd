"""Polyfills of Python's own functions: builtins, `math`, `range`, and conversions of symbolic numbers.

In: a call in the model's code with a symbolic number or a fake tensor. Out: the result as a symbol or a tensor. It may
import what `polyfills` may import.
"""
