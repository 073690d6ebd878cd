"""Tensors: storage, copies that preserve aliasing, subclasses, tensors in nested containers. Imports torch only."""
