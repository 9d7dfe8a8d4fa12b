"""Shops' own APIs, one module each."""
