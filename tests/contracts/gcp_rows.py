"""What the resource types of the provider `gcp` are to Google's APIs."""

from __future__ import annotations

from tests.contracts.rules import At, NotCovered, Row, Rule, under

IN_THE_URL = "the API has it in the URL"
RENAMED = "the provider says it in other words"
NESTED = "the provider lifts it out of an object of its own"
ONE_MEMBER = "the provider adds one member to the policy that is there"
REPOSITORY = "projects/{}/locations/{}/repositories/{}"
CLUSTERS = "container.projects.locations.clusters"

NODE_CONFIG: dict[str, Rule] = {
    "guestAccelerators": At("accelerators", RENAMED),
    "guestAccelerators.type": At("acceleratorType", RENAMED),
    "guestAccelerators.count": At("acceleratorCount", RENAMED),
}

CLUSTER = Row(
    "gcp:container/cluster:Cluster",
    "container.v1",
    "Cluster",
    {
        "location": At(f"{CLUSTERS}.create:parent", IN_THE_URL, template="projects/p/locations/{}"),
        "project": At(f"{CLUSTERS}.create:parent", IN_THE_URL, template="projects/{}/locations/l"),
        "nodeLocations": At("locations", RENAMED),
        "minMasterVersion": At("initialClusterVersion", RENAMED),
        "datapathProvider": At("networkConfig.datapathProvider", NESTED),
        "enableIntranodeVisibility": At("networkConfig.enableIntraNodeVisibility", NESTED),
        "enableShieldedNodes": At("shieldedNodes.enabled", NESTED),
        # hashicorp/terraform-provider-google@0297605c, resource_container_cluster.go: resourceContainerClusterCreate.
        "privateClusterConfig.enablePrivateNodes": At(
            "Cluster:networkConfig.defaultEnablePrivateNodes", "the provider sends what took its place"
        ),
        "nodePools.nodeConfig": At("config", RENAMED),
        "nodePools.nodeLocations": At("locations", RENAMED),
        **under("nodePools.nodeConfig", NODE_CONFIG),
        "deletionProtection": NotCovered("the provider refuses to delete the cluster while it is true"),
        "removeDefaultNodePool": NotCovered("the provider deletes the first pool once the cluster is made"),
        **under("nodeConfig", NODE_CONFIG),
    },
)

NODE_POOL = Row(
    "gcp:container/nodePool:NodePool",
    "container.v1",
    "NodePool",
    {
        "cluster": At(f"{CLUSTERS}.nodePools.create:parent", IN_THE_URL, template="projects/p/locations/l/clusters/{}"),
        "location": At(
            f"{CLUSTERS}.nodePools.create:parent", IN_THE_URL, template="projects/p/locations/{}/clusters/c"
        ),
        "project": At(f"{CLUSTERS}.nodePools.create:parent", IN_THE_URL, template="projects/{}/locations/l/clusters/c"),
        "nodeConfig": At("config", RENAMED),
        "nodeLocations": At("locations", RENAMED),
        "maxPodsPerNode": At("maxPodsConstraint.maxPodsPerNode", NESTED),
        "nodeCount": At("SetNodePoolSizeRequest:nodeCount", "set by a request of its own"),
        **under("nodeConfig", NODE_CONFIG),
    },
)

NETWORK = Row(
    "gcp:compute/network:Network",
    "compute.v1",
    "Network",
    {
        "project": At("compute.networks.insert:project", IN_THE_URL),
        "routingMode": At("routingConfig.routingMode", NESTED),
        "deleteDefaultRoutesOnCreate": NotCovered("the provider deletes the default route once the network is made"),
    },
)

SUBNETWORK = Row(
    "gcp:compute/subnetwork:Subnetwork",
    "compute.v1",
    "Subnetwork",
    {
        "project": At("compute.subnetworks.insert:project", IN_THE_URL),
        "region": At("compute.subnetworks.insert:region", IN_THE_URL),
    },
)

ROUTER = Row(
    "gcp:compute/router:Router",
    "compute.v1",
    "Router",
    {
        "project": At("compute.routers.insert:project", IN_THE_URL),
        "region": At("compute.routers.insert:region", IN_THE_URL),
    },
)

ROUTER_NAT = Row(
    "gcp:compute/routerNat:RouterNat",
    "compute.v1",
    "RouterNat",
    {
        "project": At("compute.routers.patch:project", IN_THE_URL),
        "region": At("compute.routers.patch:region", IN_THE_URL),
        "router": At("compute.routers.patch:router", IN_THE_URL),
    },
)

SERVICE = Row(
    "gcp:projects/service:Service",
    "serviceusage.v1",
    "serviceusage.services.enable",
    {
        "service": At("name", IN_THE_URL, template="projects/p/services/{}"),
        "project": At("name", IN_THE_URL, template="projects/{}/services/s"),
        "disableOnDestroy": NotCovered("whether the provider disables the API when the resource is deleted"),
        "disableDependentServices": At("DisableServiceRequest:disableDependentServices", "said when it is disabled"),
    },
)

PROJECT_MEMBER = Row(
    "gcp:projects/iAMMember:IAMMember",
    "cloudresourcemanager.v3",
    "SetIamPolicyRequest",
    {
        "project": At("cloudresourcemanager.projects.setIamPolicy:resource", IN_THE_URL, template="projects/{}"),
        "role": At("policy.bindings[].role", ONE_MEMBER),
        "member": At("policy.bindings[].members[]", ONE_MEMBER),
        "condition": At("policy.bindings[].condition", ONE_MEMBER),
    },
)

RESOURCE_POLICY = Row(
    "gcp:compute/resourcePolicy:ResourcePolicy",
    "compute.v1",
    "ResourcePolicy",
    {
        "project": At("compute.resourcePolicies.insert:project", IN_THE_URL),
        "region": At("compute.resourcePolicies.insert:region", IN_THE_URL),
    },
)

REPOSITORIES = "artifactregistry.projects.locations.repositories"
IMAGES = Row(
    "gcp:artifactregistry/repository:Repository",
    "artifactregistry.v1",
    "Repository",
    {
        "repositoryId": At(f"{REPOSITORIES}.create:repositoryId", IN_THE_URL),
        "location": At(f"{REPOSITORIES}.create:parent", IN_THE_URL, template="projects/p/locations/{}"),
        "project": At(f"{REPOSITORIES}.create:parent", IN_THE_URL, template="projects/{}/locations/l"),
        "cleanupPolicies": At("CleanupPolicy:", "the API has a map by the id of each", each=True),
        "deletionPolicy": NotCovered("what the provider does when the resource is deleted"),
    },
)

REPOSITORY_MEMBER = Row(
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
    "artifactregistry.v1",
    "SetIamPolicyRequest",
    {
        "location": At(f"{REPOSITORIES}.setIamPolicy:resource", IN_THE_URL, template=REPOSITORY.format("p", "{}", "r")),
        "project": At(f"{REPOSITORIES}.setIamPolicy:resource", IN_THE_URL, template=REPOSITORY.format("{}", "l", "r")),
        "repository": At(
            f"{REPOSITORIES}.setIamPolicy:resource", IN_THE_URL, template=REPOSITORY.format("p", "l", "{}")
        ),
        "role": At("policy.bindings[].role", ONE_MEMBER),
        "member": At("policy.bindings[].members[]", ONE_MEMBER),
        "condition": At("policy.bindings[].condition", ONE_MEMBER),
    },
)

SERVICE_ACCOUNT = Row(
    "gcp:serviceaccount/account:Account",
    "iam.v1",
    "CreateServiceAccountRequest",
    {
        "project": At("iam.projects.serviceAccounts.create:name", IN_THE_URL, template="projects/{}"),
        "displayName": At("serviceAccount.displayName", NESTED),
        "description": At("serviceAccount.description", NESTED),
        "createIgnoreAlreadyExists": NotCovered("the provider takes an account of that name for its own"),
    },
)

GCP_ROWS = (
    CLUSTER,
    NODE_POOL,
    NETWORK,
    SUBNETWORK,
    ROUTER,
    ROUTER_NAT,
    SERVICE,
    PROJECT_MEMBER,
    IMAGES,
    REPOSITORY_MEMBER,
    RESOURCE_POLICY,
    SERVICE_ACCOUNT,
)
