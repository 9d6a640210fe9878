"""Read and write load balancers."""
