"""What a cold start consists of, and how long each part may take: from a source, or an allowance that nobody measured.

A deadline is made of these, so each is what a slow one takes, not a usual one.
"""

from __future__ import annotations

from aigc.catalog.kinds import Cloud

NODE_SECONDS = 300
"""Allowance: a machine without an accelerator, from the pod that waits for it to the node that is ready."""
ACCELERATED_NODE_SECONDS = 420
"""With one: 4 to 7 minutes on GKE (triton-inference-server/server, deploy/gke-marketplace-app/README.md, which counts
driver and image apart); elsewhere an allowance of as much."""
DRIVER_SECONDS = 180
"""Allowance: NVIDIA's driver, where it comes onto a node after it was made."""
CLOUDS_THAT_INSTALL_DRIVERS = frozenset({Cloud.GCP, Cloud.AZURE})
"""On EKS it is in the node's image; on a cluster that somebody has, it is the owner's."""
IMAGE_SECONDS = 600
"""Allowance: no catalog has the size of an image. One of Triton, of 5.4 GB, was serving after 191 s on GKE without
streaming (ai-on-gke, best-practices/startup-latency.md); this is room for one three times as large."""
MODEL_MIB_PER_SECOND = 100
"""Model files, whether from a bucket or in the image: Llama 70B, 140 GB in 16 bits, took about 1200 s through Cloud
Storage FUSE that nobody had tuned (GoogleCloudPlatform/accelerated-platforms, use-cases/inferencing/
cost-optimization/gcsfuse/README.md)."""
SERVER_SECONDS = 20
"""Allowance: Triton until it is ready; 2.5 s with the models here on two cores (tests/bench/bench_cold_start.py)."""
ACCELERATED_SERVER_SECONDS = 60
"""Allowance: the same with an accelerator's runtime to start and weights to copy onto it."""

HEADROOM = 1.5
"""Allowance: a deadline is so many times its budget. A late verdict costs minutes, an early one a version that is
sound."""
USUAL_DEADLINE_SECONDS = 600
"""Knative's own default, and our shortest unless a stack file names another."""
LEAST_DEADLINE_SECONDS, MOST_DEADLINE_SECONDS = 10, 7200
"""What a stack file may name; Knative and Deployments have no bound of their own."""
MANAGED_SECONDS, ACCELERATED_MANAGED_SECONDS = 600, 1800
"""Allowance: a machine of a managed service that loads; without an accelerator, and with one."""
