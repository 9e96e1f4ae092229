"""What the desk writes down: staff, invitations, visits, uploads, each row a client body's."""
