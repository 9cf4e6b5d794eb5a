"""Amazon Web Services: a private EKS cluster with the plan's node groups, or under Auto Mode without any.

EKS leaves two things to its user that GKE brings: what adds and removes nodes, and the device plugin of its NVIDIA
images. The foundation installs both, see docs/decisions/0009-cluster-autoscaler-on-eks.md. Auto Mode brings them, see
docs/decisions/0019-eks-auto-mode.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from aigc.clouds.aws.cluster import EksCluster
from aigc.clouds.aws.model_store import AwsModelStore
from aigc.clouds.aws.network import AwsNetwork
from aigc.clouds.aws.sagemaker import SageMakerEndpoint
from aigc.clouds.contract import ClusterHandle, Inability, ModelStoreHandle, NetworkHandle
from aigc.plan.stack_plan import Cloud, ManagedEndpointPlan, ModelStorePlan, StackPlan

_INABILITIES = (
    Inability(
        "reservations",
        "A pool takes one reservation by its id; groups of reservations are not named, and none is made or bought here",
    ),
    Inability(
        "Auto Mode",
        "With `node_provisioning: auto_mode` EKS makes the nodes of every pool, with an image of its own choosing and"
        " without adapters; a pool of a machine type that it does not take gets no node and nobody says so",
    ),
    Inability(
        "another node_provisioning",
        "It is chosen for a new stack: volumes and the gateway's load balancer of a cluster that is there do not move"
        " to Auto Mode's, or back",
    ),
    Inability(
        "Karpenter",
        "With `node_provisioning: karpenter` pools that keep no node are its; not those with a reservation, adapters or"
        " Bottlerocket, and its bound counts processors, so that nodes of a burst may pass it for a moment",
    ),
    Inability(
        "spot by Karpenter",
        "An account that never had spot machines needs, once, `aws iam create-service-linked-role --aws-service-name"
        " spot.amazonaws.com`",
    ),
    Inability(
        "EFA",
        "A pool gets its adapters with `efa: true`, in one zone but in no placement group; no replica spans hosts, so"
        " nothing of ours asks for one",
    ),
    Inability(
        "Neuron",
        "A replica gets a chip of Inferentia or Trainium, but the image of Triton has no Neuron backend: its model.py"
        " must bring torch-neuronx, which `images push` does not put in",
    ),
    Inability("NeuronCores", "A replica takes whole chips; the cores of one are not shared out"),
    Inability(
        "FPGA",
        "No device plugin advertises F2's FPGAs: a pool has machine, label and taint, and a pod that lands there sees"
        " no card, for that takes a privileged pod and a user's own bitstream",
    ),
    Inability("MIG and sharing", "The device plugin advertises whole GPUs; slices and time-sharing are not set up"),
    Inability(
        "somebody's bucket",
        "A pod mounts the bucket that the stack fills; no rights are given in another, which only SageMaker may read",
    ),
    Inability(
        "the place of a mount",
        "Mountpoint runs in a small pod of its own on each node, which the plan does not count (mount-s3)",
    ),
    Inability("a key of one's own", "EKS encrypts Secrets with a key of AWS'; a KMS key of the account is not set"),
    Inability(
        "a closed API server", "Its public endpoint takes connections from anywhere, and IAM judges each request"
    ),
    Inability(
        "volumes",
        "Prometheus has one, in one zone; Alertmanager and Grafana keep what they know in their pods, a model nothing",
    ),
    Inability(
        "load balancer",
        "The gateway gets a Classic Load Balancer from EKS, for AWS' controller is not installed; under Auto Mode a"
        " Network Load Balancer",
    ),
    Inability(
        "registry",
        "The stack makes repositories of its own account and region alone; two stacks need registries of two names",
    ),
    Inability("add-on versions", "EKS takes the default of the cluster's minor for each add-on; none is pinned"),
    Inability(
        "the first seconds of a pod",
        "The VPC CNI lets a new pod talk to anybody until its policies have reached the node",
    ),
    Inability(
        "steady endpoints", "Kourier routes Knative Services only; a steady endpoint is reached inside the cluster"
    ),
    Inability(
        "managed endpoints that sleep",
        "SageMaker goes to zero only with inference components, which Pulumi's provider cannot make: a machine stays",
    ),
    Inability(
        "managed endpoints behind the gateway",
        "SageMaker is asked by signed requests of its own (InvokeEndpoint); no gateway, dashboard or objective sees it",
    ),
    Inability(
        "another machine for a managed endpoint that scales",
        "SageMaker refuses it while autoscaling holds the variant: first make replicas.min and max the same",
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

    def managed_endpoint(
        self, plan: StackPlan, endpoint: ManagedEndpointPlan, network: NetworkHandle, store: ModelStoreHandle
    ) -> pulumi.Output[str]:
        """An endpoint of SageMaker."""
        return SageMakerEndpoint(plan, endpoint, network, store).name

    def model_store(
        self, plan: StackPlan, store: ModelStorePlan, network: NetworkHandle, cluster: ClusterHandle, root: Path
    ) -> ModelStoreHandle:
        """A bucket of S3."""
        return AwsModelStore("model-store", plan, store, network=network, cluster=cluster, root=root).handle


ADAPTER = AmazonWebServices()
