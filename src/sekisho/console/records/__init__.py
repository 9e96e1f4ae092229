"""What the console writes down: operators, invitations, visits."""
