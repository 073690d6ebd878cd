"""Renderers of checks: a `Check` goes in; terminal output, SARIF or GitHub annotations come out. Imports `model`."""
