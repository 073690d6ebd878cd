"""The models, grouped by theme. Each starts at its `@model` function and ends where the next one starts."""
