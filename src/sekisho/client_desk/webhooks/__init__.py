"""Tells a client body's systems what happened: events kept, signed, sent, tried again, shown."""
