"""The outside world, one thing per module; adapters never import each other."""
