"""The vocabulary of reconciliation: observation, plan, kind, driver."""
