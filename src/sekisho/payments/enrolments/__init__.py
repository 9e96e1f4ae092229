"""An enrolment's life after the card was good, and applications on paper."""
