"""JSON: reports and checks are written as versioned JSON, reports are read back, both have a schema. Imports
`model`.
"""
