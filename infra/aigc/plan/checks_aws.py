"""Checks that only AWS needs: account, partition, zones that can have subnets, minors that EKS has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigc.catalog.versions import kubernetes_minor
from aigc.config.problems import Problem, printable
from aigc.config.spec import StackSpec

ZONE_LETTERS = "abcdef"
"""Subnets are laid out for these (aigc.clouds.aws.subnets); us-east-1, the region with the most zones, has all six."""
_FEWEST_ZONES = 2
"""EKS API, VpcConfigRequest.subnetIds: in at least two zones."""
_ACCOUNT = re.compile(r"[0-9]{12}")
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")


def aws_problems(spec: StackSpec) -> Iterator[Problem]:
    """Everything about a place on AWS that other clouds do not have."""
    if spec.account is None:
        yield Problem(
            ("account",), "is missing; cloud aws needs one", 'add your account\'s number in quotes: "111122223333"'
        )
    elif not _ACCOUNT.fullmatch(spec.account):
        yield Problem(("account",), f"{printable(spec.account)} is no AWS account", "twelve digits, in quotes")
    if spec.region and spec.region.startswith(_OTHER_PARTITIONS):
        yield Problem(
            ("region",), f"{printable(spec.region)} is in a partition of AWS that is not built for", "use us-east-1"
        )
    yield from _zones(spec)
    yield from _minor(spec)


def _zones(spec: StackSpec) -> Iterator[Problem]:
    region = spec.region or "us-east-1"
    if len(set(spec.zones)) < _FEWEST_ZONES:
        yield Problem(
            ("zones",),
            f"names {len(set(spec.zones))}; EKS wants subnets in {_FEWEST_ZONES} or more",
            f"write zones: [{region}a, {region}b]; `aws ec2 describe-availability-zones` lists those of your account",
        )
    for index, zone in enumerate(spec.zones):
        # Another fault is named where the zone is of another region.
        if spec.region and zone.startswith(spec.region) and zone[len(spec.region) :] not in ZONE_LETTERS:
            letters = f"{ZONE_LETTERS[0]} to {ZONE_LETTERS[-1]}"
            yield Problem(("zones", index), f"{printable(zone)} has no place in the network", f"it has zones {letters}")


def _minor(spec: StackSpec) -> Iterator[Problem]:
    newest = kubernetes_minor(spec.cloud)
    asked = spec.kubernetes_minor or newest
    # Whatever is no minor at all is refused for every cloud alike.
    if re.fullmatch(r"1\.[1-9][0-9]", asked) and int(asked[2:]) > int(newest[2:]):
        yield Problem(
            ("kubernetes_minor",),
            f"{asked} is newer than what EKS has, as far as catalog/versions.yaml knows",
            f'write "{newest}" or remove it; or raise eks in catalog/versions.yaml once EKS has it',
        )
