"""What kind of network address a text is; no name is resolved, which could delay a start."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether only programs on this machine reach a service at `host`.

    A name other than `localhost` counts as reachable from elsewhere.
    """
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
