"""Packaging, deploying and the local stack: what turns this repository into running functions."""
