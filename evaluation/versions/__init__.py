"""How well versions are found and their sentences aligned."""
