"""The ways that money goes: one module each, and what they share."""
