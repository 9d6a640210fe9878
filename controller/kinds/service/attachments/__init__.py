"""Attachments of a service: routes, registrations, log group, scaling, tags."""
