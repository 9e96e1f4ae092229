"""The process of console."""
