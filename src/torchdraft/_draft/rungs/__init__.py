"""Rungs: a request and a plan go in; a program comes out, or the failure that decides the next plan.

The ladder of ways to trace a model, from symbolic down to the frozen result. May import every folder of `_draft` but
`check` and `report`.
"""
