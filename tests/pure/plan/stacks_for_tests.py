"""A small repository and sound stack files that tests bend in one place each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from aigc.plan.cost import CostPlan

CARD = {
    "modality": "text",
    "description": "A model for tests.",
    "license": "MIT",
    "memory_mib": 100,
    "cpu_millicores": 200,
    "tokenizer": "bytes",
}
CONFIG = 'name: "{name}" max_batch_size: 8 instance_group [{{ count: 2 kind: KIND_CPU }}]\n'


def add_model(repository: Path, name: str, config: str | None = None, **card: Any) -> Path:
    folder = repository / name
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.py").write_text("# the model\n")
    (folder / "config.pbtxt").write_text(config or CONFIG.format(name=name))
    (folder / "model.yaml").write_text(yaml.safe_dump(CARD | card))
    return folder


def local(**more: Any) -> dict[str, Any]:
    return {"cloud": "local", "models": {"tiny": {}}} | more


def gcp(**more: Any) -> dict[str, Any]:
    pools = {
        "platform": {"machine_type": "t2d-standard-8", "min_nodes": 1},
        "l4": {"machine_type": "g2-standard-8", "capacity": "spot", "max_nodes": 2},
    }
    return {
        "cloud": "gcp",
        "region": "us-central1",
        "project": "aigc-dev",
        "registry": "registry.example/aigc",
        "pools": pools,
        "models": {"tiny": {}},
    } | more


def aws(**more: Any) -> dict[str, Any]:
    pools = {
        "platform": {"machine_type": "c7i.2xlarge", "min_nodes": 1},
        "l4": {"machine_type": "g6.2xlarge", "capacity": "spot", "max_nodes": 2},
    }
    return {
        "cloud": "aws",
        "region": "us-east-1",
        "zones": ["us-east-1a", "us-east-1b"],
        "account": "111122223333",
        "registry": "registry.example/aigc",
        "pools": pools,
        "models": {"tiny": {}},
    } | more


SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = "66666666-7777-8888-9999-000000000000"


def azure(**more: Any) -> dict[str, Any]:
    pools = {
        "platform": {"machine_type": "Standard_D8as_v6", "min_nodes": 1},
        "t4": {"machine_type": "Standard_NC8as_T4_v3", "capacity": "spot", "max_nodes": 2},
    }
    return {
        "cloud": "azure",
        "region": "eastus",
        "subscription": SUBSCRIPTION,
        "admin_group": GROUP,
        "registry": "aigcdev.azurecr.io/aigc",
        "registry_resource_group": "images",
        "pools": pools,
        "models": {"tiny": {}},
    } | more


def existing(**more: Any) -> dict[str, Any]:
    return {
        "cloud": "existing",
        "kubeconfig": "/home/me/.kube/config",
        "registry": "registry.example/aigc",
        "models": {"tiny": {}},
    } | more


def write(folder: Path, stack: dict[str, Any], name: str | None = None) -> Path:
    path = folder / f"Pulumi.{name or stack['cloud'] + '-test'}.yaml"
    unshared = json.loads(json.dumps(stack))  # else PyYAML writes what is used twice as an alias
    path.write_text(yaml.safe_dump({"config": {"aigc:stack": unshared}}, sort_keys=False))
    return path


def nodes_at_most(cost: CostPlan) -> float:
    """US dollars a month of all pools at their largest, without what else a cloud charges for."""
    return sum(item.maximum.usd_per_month_high or 0.0 for item in cost.items if item.pool)
