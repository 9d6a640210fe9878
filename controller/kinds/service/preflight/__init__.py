"""Prerequisites of a deployment: facts, checks and findings."""
