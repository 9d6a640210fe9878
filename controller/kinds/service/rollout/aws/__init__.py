"""Reads about rollouts: readiness and stop reasons."""
