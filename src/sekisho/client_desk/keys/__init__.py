"""Keys of the API: made and ended by an administrator, shown once, kept as a hash."""
