"""Pages about settled days, payouts, and the files that go with them."""
