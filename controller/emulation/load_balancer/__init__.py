"""Load balancers on loopback that follow the rules of the emulated ELB."""
