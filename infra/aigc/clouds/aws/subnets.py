"""How a VPC's range is divided; pure, and by the letter of a zone, so that a zone added later moves no other.

Eight blocks: one a zone for nodes and their pods, one for what faces the internet, one for the control plane, whose
network interfaces get small subnets of their own, as AWS advises, so that no pod can take the addresses an upgrade
needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from aigc.plan.checks_aws import ZONE_LETTERS

_BLOCK_BITS = 3
_PUBLIC_BLOCK = 6
_CONTROL_PLANE_BLOCK = 7
_PUBLIC_PREFIX = 24
_CONTROL_PLANE_PREFIX = 28
"""Eleven addresses that can be used; EKS asks for six or more."""


@dataclass(frozen=True)
class ZoneSubnets:
    """The ranges of one zone."""

    zone: str
    nodes: str
    """Private: nodes and their pods."""
    public: str
    """NAT gateway and load balancers."""
    control_plane: str
    """Private: the network interfaces through which the API server and the nodes talk."""


def control_plane_range(cidr: str) -> str:
    """Where the API server answers from and asks webhooks from, whatever the zones; nothing else has addresses here."""
    blocks = IPv4Network(cidr).subnets(prefixlen_diff=_BLOCK_BITS)
    return str(next(list(blocks)[_CONTROL_PLANE_BLOCK].subnets(new_prefix=_PUBLIC_PREFIX)))


def zone_subnets(cidr: str, zones: tuple[str, ...]) -> tuple[ZoneSubnets, ...]:
    """The ranges of each zone, in the zones' order."""
    blocks = list(IPv4Network(cidr).subnets(prefixlen_diff=_BLOCK_BITS))
    public = list(blocks[_PUBLIC_BLOCK].subnets(new_prefix=_PUBLIC_PREFIX))
    control_plane = list(blocks[_CONTROL_PLANE_BLOCK].subnets(new_prefix=_CONTROL_PLANE_PREFIX))

    def of(zone: str) -> ZoneSubnets:
        index = ZONE_LETTERS.index(zone[-1])
        return ZoneSubnets(
            zone=zone, nodes=str(blocks[index]), public=str(public[index]), control_plane=str(control_plane[index])
        )

    return tuple(of(zone) for zone in zones)
