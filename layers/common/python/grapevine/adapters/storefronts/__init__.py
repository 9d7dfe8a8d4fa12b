"""What each storefront's webhooks say, in our words."""
