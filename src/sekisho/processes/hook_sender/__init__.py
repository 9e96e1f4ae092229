"""The process of hook_sender."""
