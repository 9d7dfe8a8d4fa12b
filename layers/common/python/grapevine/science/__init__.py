"""Numpy code; imported only by apps that carry the science layer."""
