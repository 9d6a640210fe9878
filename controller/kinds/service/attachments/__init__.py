"""Load balancers, registrations, log groups and tags around a service."""
