"""Read and write CloudWatch Logs."""
