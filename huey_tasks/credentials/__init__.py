"""API keys that are made while the service runs: their records, their changes, who holds one."""
