"""The process of payer_site."""
