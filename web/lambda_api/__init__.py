"""AWS's Lambda API: its routes, errors and headers, for AWS's own clients as they are."""
