"""The state of a rollout: status, progress, crash loops, stop reasons."""
