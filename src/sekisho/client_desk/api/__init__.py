"""The API of the desk: what a client body's machines may ask and do, under ``/api/v1/``.

It is no page: no cookie is read or set, no CSRF token is needed, and the one thing that opens it is
a key in the ``Authorization`` header (``keys``). Everything about money is a crossing to payments,
always for the one client body that the key acts on."""
