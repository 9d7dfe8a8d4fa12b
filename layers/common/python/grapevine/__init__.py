"""Grapevine: a serverless distribution system for social commerce."""
