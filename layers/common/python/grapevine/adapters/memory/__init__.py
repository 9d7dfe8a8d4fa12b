"""In-memory twins of every outside thing, held to the same contracts; for tests, what-ifs and demos."""
