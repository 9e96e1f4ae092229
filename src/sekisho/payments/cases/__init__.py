"""Payments that the machine can't end, and the two operators who do.

``needs_operator`` writes a note on a payment: that is an open case. ``decide_case`` takes the word
of operators, ``end_case`` moves the payment as the network's own record shows it."""
