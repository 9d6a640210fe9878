"""The ways from load balancers to a service: rules, target groups, and what is amiss."""
