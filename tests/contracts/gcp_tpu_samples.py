"""Inputs of a TPU VM and its firewall, as the provider `gcp` spells them; no stack of this repository has one."""

from __future__ import annotations

from typing import Any

from scripts.engine.wire import UNKNOWN

GCP_TPU: dict[str, dict[str, Any]] = {
    "gcp:tpu/v2Vm:V2Vm": {
        "name": "aigc-gcp-dev-embed", "project": "aigc-dev", "zone": "us-central1-b",
        "runtimeVersion": "v2-alpha-tpuv6e", "acceleratorConfig": {"type": "V6E", "topology": "2x2"},
        "networkConfig": {"network": UNKNOWN, "subnetwork": UNKNOWN, "enableExternalIps": False},
        "schedulingConfig": {"spot": True}, "deletionPolicy": "PREVENT",
        "serviceAccount": {"email": UNKNOWN, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]},
        "metadata": {"startup-script": "#!/bin/bash\n"}, "labels": {"aigc-stack": "gcp-dev"},
    },
    "gcp:compute/firewall:Firewall": {
        "name": "aigc-gcp-dev-embed-clients", "project": "aigc-dev", "network": UNKNOWN, "direction": "INGRESS",
        "allows": [{"protocol": "tcp", "ports": ["8000"]}], "sourceRanges": ["10.10.0.0/20"],
        "sourceServiceAccounts": [UNKNOWN], "targetServiceAccounts": [UNKNOWN],
    },
}  # fmt: skip
