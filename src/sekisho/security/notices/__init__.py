"""The notices site: a folder of notices becomes a folder of pages that any web server can hold.

No script, no cookie, nothing from elsewhere; it stands when everything else is stopped."""
