"""The process of the simulated card network."""
