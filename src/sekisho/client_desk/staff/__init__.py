"""What administrators do about their body's staff. Each act needs a fresh second factor, so that a
stolen visit makes nobody an administrator."""
