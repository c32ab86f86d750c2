"""Rows → PDF: rosters and notices, without Django's models or settings."""
