"""Read what a rollout depends on: readiness and stop reasons."""
