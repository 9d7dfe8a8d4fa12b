"""A seeded market with known truth: promoters, clicks, orders, refunds, and what everybody must earn."""
