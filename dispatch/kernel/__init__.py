"""The dispatch rules: arrays in, arrays out. Python and NumPy only; no Django, no database."""
