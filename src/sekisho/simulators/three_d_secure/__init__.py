"""EMV 3-D Secure 2.2, simulated: a directory server and the issuer's access control server.

Real messages over HTTP and a real challenge page in the browser; the test card decides what
happens. Nothing is written to disk, and no card number beyond its last four is kept."""
