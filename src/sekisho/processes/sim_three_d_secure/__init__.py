"""The process of the simulated 3-D Secure servers."""
