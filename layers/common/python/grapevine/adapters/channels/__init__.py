"""The ways that messages go to promoters."""
