"""What the resource types of the provider `gcp` for TPU VMs are to Google's APIs."""

from __future__ import annotations

from tests.contracts.gcp_rows import IN_THE_URL, RENAMED
from tests.contracts.rules import At, NotCovered, Row

_CREATE = "tpu.projects.locations.nodes.create"

TPU_VM = Row(
    "gcp:tpu/v2Vm:V2Vm",
    "tpu.v2",
    "Node",
    {
        "name": At(f"{_CREATE}:nodeId", IN_THE_URL),
        "zone": At(f"{_CREATE}:parent", IN_THE_URL, template="projects/p/locations/{}"),
        "project": At(f"{_CREATE}:parent", IN_THE_URL, template="projects/{}/locations/l"),
        "serviceAccount.scopes": At("scope", RENAMED),
        "deletionPolicy": NotCovered("whether the provider refuses to delete it"),
    },
)

FIREWALL = Row(
    "gcp:compute/firewall:Firewall",
    "compute.v1",
    "Firewall",
    {
        "project": At("compute.firewalls.insert:project", IN_THE_URL),
        "allows": At("allowed", RENAMED),
        "allows.protocol": At("IPProtocol", RENAMED),
    },
)

GCP_TPU_ROWS = (TPU_VM, FIREWALL)
