"""Pages of the console: sign-in, now, and the history of one payment."""
