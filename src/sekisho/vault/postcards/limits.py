"""Limits of printing, with their units."""

from typing import Final

POSTCARDS_PER_FILE: Final = 100
"""Postcards in one PDF: 200 pages, drawn in about a second with some 90 MB."""

BATCH_WINDOW_SECONDS: Final = 30
"""Postcards ordered within it are printed together."""

BATCH_GRACE_SECONDS: Final = 5
"""After the window, so that what was ordered at its end is committed."""

STALE_SECONDS: Final = 300
"""A batch begun so long ago was cut off; it is printed again under its own name."""

PRINT_TRIES: Final = 20
"""Times a batch is begun before its postcards are given up and shown to a person."""

LEAST_FREE_BYTES: Final = 64 * 2**20
"""Room on the disk without which no batch is begun."""

FILE_KEPT_DAYS: Final = 14
"""A printed file is deleted after so many days: it holds names and addresses in clear."""
