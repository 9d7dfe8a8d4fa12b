"""The ways that money goes: one module each with an `open_rail` for the wiring, and what they share."""
