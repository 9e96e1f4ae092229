"""Files handed in at the desk: received in pieces, checked, taken."""
