"""The dispatch rules: arrays in, arrays out. Python and NumPy only; nothing here knows Django or a database."""
