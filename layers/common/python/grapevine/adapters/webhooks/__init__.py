"""Webhooks to subscribers: whom they may go to, and how they get there."""
