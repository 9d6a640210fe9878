"""Staging labels of a secret in Secrets Manager, and the steps that move them."""
