"""Read and write Cloud Map registrations."""
