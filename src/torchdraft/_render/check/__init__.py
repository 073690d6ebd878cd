"""Outcomes of a check as text, SARIF and annotations of a code host."""
