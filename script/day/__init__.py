"""One day of admissions in two provinces, walked through the platform's own pages over HTTP."""
