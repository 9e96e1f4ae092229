"""The process of vault."""
