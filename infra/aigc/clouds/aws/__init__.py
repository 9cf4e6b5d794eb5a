"""Amazon Web Services: a private EKS cluster with the plan's node groups.

EKS leaves two things to its user that GKE brings: what adds and removes nodes, and the device plugin of its NVIDIA
images. The foundation installs both, see docs/decisions/0009-cluster-autoscaler-on-eks.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigc.clouds.aws.cluster import EksCluster
from aigc.clouds.aws.network import AwsNetwork
from aigc.clouds.contract import ClusterHandle, Inability, NetworkHandle
from aigc.plan.stack_plan import Cloud, StackPlan

_INABILITIES = (
    Inability("reservations", "On-demand Capacity Reservations and Capacity Blocks are not matched to a pool yet"),
    Inability("Auto Mode", "Nodes are managed node groups, whose machines and bounds the plan knows; not Auto Mode's"),
    Inability("EFA", "Nodes get the usual network interface: models that span hosts would crawl, so none is made"),
    Inability("Neuron", "The Triton image has no Neuron backend, so pools of Inferentia and Trainium are refused"),
    Inability("FPGA", "No device plugin advertises F2's FPGAs to Kubernetes, so pools of them are refused"),
    Inability("MIG and sharing", "The device plugin advertises whole GPUs; slices and time-sharing are not set up"),
    Inability("S3 mounts", "Model files are in the image; the Mountpoint driver for S3 is not installed"),
    Inability("a key of one's own", "EKS encrypts Secrets with a key of AWS'; a KMS key of the account is not set"),
    Inability(
        "a closed API server", "Its public endpoint takes connections from anywhere, and IAM judges each request"
    ),
    Inability("volumes", "The EBS driver is not installed: a claim for a volume waits, and nothing of ours makes one"),
    Inability(
        "load balancer",
        "The gateway gets a Classic Load Balancer from EKS; AWS' controller is not installed for an NLB",
    ),
    Inability("a NAT gateway a zone", "One NAT gateway serves all zones; without its zone no new image can be pulled"),
    Inability(
        "registry", "Repositories of ECR are made by hand: images are pushed before there is a stack to own them"
    ),
    Inability(
        "the first seconds of a pod",
        "The VPC CNI lets a new pod talk to anybody until its policies have reached the node",
    ),
    Inability(
        "steady endpoints", "Kourier routes Knative Services only; a steady endpoint is reached inside the cluster"
    ),
    Inability(
        "other partitions", "China, GovCloud and the other partitions spell their ARNs differently and are refused"
    ),
)


@dataclass(frozen=True)
class AmazonWebServices:
    """EKS, in one region."""

    cloud: Cloud = Cloud.AWS
    inabilities: tuple[Inability, ...] = _INABILITIES

    def network(self, plan: StackPlan) -> NetworkHandle:
        """A VPC of its own, with a way out for nodes that have no public address."""
        return AwsNetwork("network", plan).handle

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The cluster and its node groups."""
        return EksCluster("cluster", plan, network).handle


ADAPTER = AmazonWebServices()
