"""A sample of what real programs do: nested components, secrets, unknown values, edges of every sort."""

import json

import pulumi
import pulumi_kubernetes as k8s


class Outer(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("aigc:test:Outer", name, {}, opts)
        self.inner = Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
        self.register_outputs({"name": name})


class Inner(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("aigc:test:Inner", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        self.settings = k8s.core.v1.ConfigMap(
            "settings",
            metadata={"name": "settings", "namespace": "models", "labels": LABELS},
            data={"greeting": config.require("greeting")},
            opts=mine,
        )
        self.service = k8s.core.v1.Service(
            "front",
            metadata={"name": "front", "namespace": "models", "labels": LABELS},
            spec={"ports": [{"port": 80}]},
            opts=pulumi.ResourceOptions.merge(mine, pulumi.ResourceOptions(depends_on=[self.settings])),
        )
        self.register_outputs({})


config = pulumi.Config("sample")
LABELS = {"aigc/stack": pulumi.get_stack()}
provider = k8s.Provider("cluster", kubeconfig="{}", enable_server_side_apply=True)
named = pulumi.ResourceOptions(provider=provider)
namespace = k8s.core.v1.Namespace("models", metadata={"name": "models", "labels": LABELS}, opts=named)
outer = Outer(
    "outer",
    pulumi.ResourceOptions(providers=[provider], depends_on=[namespace], retain_on_delete=True, protect=True),
)
k8s.core.v1.Secret(
    "keys",
    metadata={"name": "keys", "namespace": namespace.metadata.name, "labels": LABELS},
    string_data={
        "token": config.require_secret("token"),
        "whole": pulumi.Output.secret(json.dumps([1, 2])),
        "address": outer.inner.service.spec.cluster_ip,
    },
    opts=named,
)
k8s.core.v1.Pod(
    "array",
    metadata={"name": "array", "namespace": "models", "labels": LABELS},
    spec={
        "containers": [
            {"name": "a", "image": "dev.local/pause:1", "env": [{"name": "T", "value": pulumi.Output.secret("hush")}]}
        ]
    },
    opts=named,
)
pulumi.export("namespace", namespace.metadata.name)
pulumi.export("secret", pulumi.Output.secret("hush"))
pulumi.export("address", outer.inner.service.spec.cluster_ip)
pulumi.export("later", namespace.id)
