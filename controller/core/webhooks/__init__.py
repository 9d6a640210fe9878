"""Webhook events, signatures and deliveries."""
