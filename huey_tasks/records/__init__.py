"""Reads what Redis keeps, as frozen records. Writes nothing but windows of rate limits."""
