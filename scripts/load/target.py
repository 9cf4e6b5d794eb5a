"""What may be loaded without asking: this machine and the local cluster. A typo must not send load to strangers."""

from __future__ import annotations

import ipaddress

from aigc.catalog.faults import fail
from scripts.local.cluster.layout import POD_CIDR, SERVICE_CIDR

OWN_RANGES = tuple(ipaddress.ip_network(cidr) for cidr in (POD_CIDR, SERVICE_CIDR))
"""Pods, services and, as the first address of the pods, the node with its gateway."""
LOCALHOST = "localhost"
OWN_FLAG = "--i-own-this-target"


def is_own(address: str) -> bool:
    """Whether HOST:PORT is on loopback or in the local cluster; a name is not, as it may lead anywhere."""
    if _name(address) == LOCALHOST:
        return True
    ip = _ip(address)
    return ip is not None and (ip.is_loopback or any(ip in own for own in OWN_RANGES))


def in_local_cluster(address: str) -> bool:
    """Whether HOST:PORT is of the local cluster; what listens on loopback may lead elsewhere, or be no Triton."""
    ip = _ip(address)
    return ip is not None and any(ip in own for own in OWN_RANGES)


def refuse_strangers(address: str, owned: bool) -> None:
    """Refuse to load an address that is neither ours nor said to be.

    Raises:
        UserError: it is not.
    """
    if not owned and not is_own(address):
        ranges = ", ".join(str(own) for own in OWN_RANGES)
        raise fail(
            f"--address {address}",
            f"is neither loopback nor in the local cluster ({ranges}), and a load test can take a server down",
            f"correct the address, or add {OWN_FLAG} when the server is yours to load",
        )


def _name(address: str) -> str:
    return address.rpartition(":")[0].removeprefix("[").removesuffix("]")


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(_name(address))
    except ValueError:
        return None
