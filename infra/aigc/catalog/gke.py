"""What GKE itself writes on a node (labels) and advertises there, so that pods and simulated nodes can be the same.

Sources: GKE, 'About GPU sharing strategies', 'Plan TPUs'; the label constants of GKE's cluster autoscaler.
"""

from __future__ import annotations

GKE_ACCELERATOR_LABEL = "cloud.google.com/gke-accelerator"
GKE_TPU_LABEL = "cloud.google.com/gke-tpu-accelerator"
GKE_TPU_TOPOLOGY_LABEL = "cloud.google.com/gke-tpu-topology"
GKE_PARTITION_LABEL = "cloud.google.com/gke-gpu-partition-size"
GKE_SHARING_LABEL = "cloud.google.com/gke-gpu-sharing-strategy"
GKE_CLIENTS_LABEL = "cloud.google.com/gke-max-shared-clients-per-gpu"
GKE_SPOT_LABEL = "cloud.google.com/gke-spot"
GKE_FLEX_START_LABEL = "cloud.google.com/gke-flex-start"
GKE_CLASS_LABEL = "cloud.google.com/compute-class"
"""Of nodes and, as the key of a taint, too; a pod's selector names its class by it."""
TPU_RESOURCE = "google.com/tpu"

FEWEST_CLIENTS = 2
MOST_CLIENTS = 48
"""Containers that may share a GPU, or a partition of one (GKE's ComputeClass CRD, maxSharedClientsPerGPU)."""
FLEX_START_SECONDS = 604_800
"""Seven days: the longest that GKE lets a flex-start node run (GKE, 'About flex-start')."""
