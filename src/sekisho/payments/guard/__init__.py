"""Card testing: counts attempts, asks for work, refuses, closes a site's card entry."""
