"""The process of notices."""
