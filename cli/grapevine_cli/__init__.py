"""The operator's command line over the same use cases; not shipped to Lambda."""
