"""The process of payments."""
