"""The process of client_desk."""
