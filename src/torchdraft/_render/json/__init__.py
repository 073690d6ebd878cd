"""JSON: reports and checks to text and back, with versions and schemas."""
