"""Routes from load balancers to a service: rules, target groups, findings."""
