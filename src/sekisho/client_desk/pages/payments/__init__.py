"""Pages about payments: the search, one payment with its history, what may be done with it."""
