"""The Lambda side: settings, wiring, HTTP, streams, observability."""
