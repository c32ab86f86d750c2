"""Many officers at once, at random, with connections of their own; what must hold of the rows afterwards."""
