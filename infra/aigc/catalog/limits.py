"""How long names may be and what they may hold, each with where the rule is from; checked before anything is made."""

from __future__ import annotations

import re

RFC1123_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
"""Names of Kubernetes objects that become host names (RFC 1123, section 2.1; apimachinery's IsDNS1123Label)."""
RFC1035_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
"""Names of Services and of everything on GKE: they start with a letter (RFC 1035, section 2.3.1)."""
MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
"""Triton takes a folder's name; a letter first, so that the endpoint's Service name is one too."""
STACK_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")

_QUALIFIED_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
LABEL_VALUE = re.compile(f"({_QUALIFIED_NAME})?")
"""Values of labels and taints (apimachinery's IsValidLabelValue)."""
LABEL_KEY = re.compile(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_QUALIFIED_NAME}")
"""Keys of labels and taints (apimachinery's IsQualifiedName)."""
EXTENDED_RESOURCE = re.compile(rf"[a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/{_QUALIFIED_NAME}")
"""Names of what a device plugin advertises: always with a domain (Kubernetes, 'Extended resources')."""
FPGA_REGION = re.compile(r"fpga\.intel\.com/region-[0-9a-f]{32}")
"""Mode region of Intel's FPGA plugin: the id of the region's interface."""
FPGA_FUNCTION = re.compile(r"fpga\.intel\.com/af-[0-9a-f]{3}\.[0-9a-f]{3}\.[A-Za-z0-9_-]{43}")
"""Mode af: how both ids begin, and both in base64 (intel-device-plugins-for-kubernetes v0.36.0,
cmd/fpga_admissionwebhook/README.md)."""

DNS_LABEL_CHARS = 63
"""RFC 1035: one label of a host name."""
DNS_NAME_CHARS = 253
"""RFC 1123 as Kubernetes counts it: a whole host name."""
ENDPOINT_NAME_CHARS = 45
"""63 less what Knative and ReplicaSets append: `-00001` (revision), `-deployment`: beyond, pod names are hashed."""
GKE_CLUSTER_NAME_CHARS = 40
"""GKE API, Cluster.name: at most 40 characters, starts with a letter, ends alphanumeric."""
GKE_POOL_NAME_CHARS = 40
"""GKE API, NodePool.name: a letter followed by up to 39 letters, digits or hyphens."""
COMPUTE_NAME_CHARS = 63
"""Compute Engine API: names of its resources are labels of RFC 1035."""
SERVICE_ACCOUNT_ID_CHARS = 30
"""IAM: account ids have 6 to 30 characters."""
EKS_NODE_GROUP_NAME_CHARS = 63
"""EKS API, CreateNodegroup: at most 63 characters."""
NODE_POOL_NAME_CHARS = 63
"""Karpenter: the name of a NodePool is the value of a label of its nodes."""
AUTO_MODE_PODS_A_NODE = 110
"""EKS Auto Mode: most pods on a node (EKS user guide, create-node-class)."""
AUTO_MODE_MOST_DISK_GIB = 59_000
"""EKS Auto Mode: largest disk of a node (EKS user guide, create-node-class, ephemeralStorage.size)."""
IAM_ROLE_NAME_CHARS = 64
"""IAM API, CreateRole: at most 64 characters."""
SAGEMAKER_NAME_CHARS = 63
"""SageMaker API: names of models, endpoint configurations and endpoints."""
BUCKET_NAME_CHARS = 63
"""S3 (general purpose buckets), Cloud Storage (names without a dot) and Azure's containers: 3 to 63 characters."""
STORAGE_ACCOUNT_NAME_CHARS = 24
"""Azure: 3 to 24 lowercase letters and digits."""
AKS_POOL_NAME_CHARS = 12
"""AKS: Linux pools have at most 12 lowercase letters and digits, a letter first."""
AKS_LEAST_DISK_GIB = 30
"""AKS: smallest boot disk of a node (azure-aks-docs, node-auto-provisioning-aksnodeclass.md, osDiskSizeGB)."""
AKS_KARPENTER_MOST_DISK_GIB = 2048
"""AKS: largest boot disk of a node that its Karpenter makes (karpenter-provider-azure, v1beta1/aksnodeclass.go)."""
AKS_PODS_A_NODE = 110
"""What our pools ask for, Kubernetes' own limit; AKS wants 30 or more of a system pool (use-system-pools.md)."""
AKS_SYSTEM_POOL_VCPUS = 4
"""AKS: fewest processors of a machine of a system pool (azure-aks-docs, use-system-pools.md); it has 4 GB or more."""
ACR_NAME = re.compile(r"[a-z0-9]{5,50}")
"""ACR API, Registry.name: 5 to 50 letters and digits; image references are lowercase."""
STACK_NAME_CHARS = 35
"""40 of a GKE cluster's name less `aigc-`."""

HOST_NAME = re.compile(rf"{RFC1123_LABEL.pattern}(\.{RFC1123_LABEL.pattern})+")
"""A domain of at least two labels."""
