"""How people sign in, at the desk and at the console alike: password, second factor, visit.

Pure rules (``rules``, ``second_factor``), the records that a zone makes its own (``people``), the
story (``gate``) and its pages. A zone gives its models, words and frame; this package knows no
zone and sends nothing anywhere."""
