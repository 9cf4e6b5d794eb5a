"""Our own resource monitor: what the Python SDK talks to instead of Pulumi's engine.

It has the shape of the SDK's test monitor, and every hook is ours, because the SDK's own one shortens URNs, lets
secrets bubble up and loses unknown values. Hooks are called from worker threads; one lock guards the record.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from scripts.engine import outputs, rules
from scripts.engine.graph import PROVIDER_PREFIX, STACK_TYPE, Graph, Resource, make_graph
from scripts.engine.invokes import InvokeRefusedError, answer
from scripts.engine.registration import resource_of
from scripts.engine.rules import ProgramError
from scripts.engine.wire import UNKNOWN, from_struct, to_struct

# What the real engine offers, without the features that would need it to call back into the program, and without
# INVOKE_DEPENDS_ON, so that the SDK itself holds back invokes on unknown values.
FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
)


class Monitor:
    """Records every registration and answers what can be known: inputs, and live state where it is given."""

    def __init__(
        self, project: str, stack: str, config: Mapping[str, str], live: Mapping[str, dict[str, Any]] | None = None
    ) -> None:
        """`live` holds the objects of a cluster by URN; None means a preview, in which ids are unknown."""
        self._project = project
        self._stack = stack
        self._config = config
        self._live = live
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self._stack_outputs: dict[str, Any] = {}

    def graph(self) -> Graph:
        """Everything that was registered; only meaningful when the program ended without an error."""
        with self._lock:
            return make_graph(self._project, self._stack, self._resources.values(), dict(self._stack_outputs))

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Record one resource and say what is known of it."""
        urn = rules.make_urn(self._stack, self._project, request.parent, request.type, request.name)
        self._refuse_what_cannot_be_seen(request, urn)
        resource = self._named(self._provided(resource_of(request, urn)))
        self._record(resource)
        if resource.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if not resource.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=to_struct(resource.inputs))
        if resource.type.startswith(PROVIDER_PREFIX):
            return resource_pb2.RegisterResourceResponse(urn=urn, id=UNKNOWN, object=to_struct(resource.inputs))
        identity, known, complete = outputs.of_resource(resource, self._live)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=identity, object=to_struct(known), unknown=not complete
        )

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Outputs of a component, or of the stack itself."""
        values = from_struct(request.outputs)
        with self._lock:
            resource = self._resources[request.urn]
            if resource.type == STACK_TYPE:
                self._stack_outputs = values
            else:
                self._resources[request.urn] = replace(resource, outputs=values)
        return empty_pb2.Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        """Something that exists outside the stack: its id is known, nothing else is."""
        urn = rules.make_urn(self._stack, self._project, request.parent, request.type, request.name)
        if not request.provider:
            rules.check_default_provider(self._config, request.type, urn)
        known = from_struct(request.properties)
        self._record(
            Resource(
                urn=urn,
                type=request.type,
                name=request.name,
                parent=request.parent,
                custom=True,
                inputs=known,
                provider=rules.provider_urn(request.provider),
                dependencies=sorted(set(request.dependencies)),
                additional_secret_outputs=sorted(request.additionalSecretOutputs),
                version=request.version,
                read=True,
            )
        )
        if request.type == "pulumi:pulumi:StackReference":
            known = {**known, "outputs": UNKNOWN, "secretOutputNames": UNKNOWN}
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=to_struct(known), unknown=True)

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """A provider's function: answered when the answer follows from its arguments alone, else refused."""
        if not request.provider:
            rules.check_default_provider_of_invoke(self._config, request.tok)
        try:
            result = answer(request.tok, from_struct(request.args))
        except InvokeRefusedError as refusal:
            failure = provider_pb2.CheckFailure(property="", reason=str(refusal))
            return resource_pb2.ResourceInvokeResponse(failures=[failure])
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))  # the field's name is a Python keyword
        return response

    def Call(self, request: resource_pb2.ResourceCallRequest) -> Any:
        """Methods of remote components live in provider plugins."""
        raise ProgramError(f"'{request.tok}' is a method of a remote component: it cannot be seen offline")

    def RegisterStackTransform(self, request: Any) -> empty_pb2.Empty:
        """Transforms run outside the program's own flow and would make two engines disagree."""
        raise ProgramError("the program registers a stack transform: say the same in the components themselves")

    def RegisterStackInvokeTransform(self, request: Any) -> empty_pb2.Empty:
        """The same for transforms of functions."""
        raise ProgramError("the program registers an invoke transform: say the same in the components themselves")

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> resource_pb2.RegisterPackageResponse:
        """A reference per package and version; nothing is loaded."""
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def RegisterResourceHook(self, request: Any) -> empty_pb2.Empty:
        """Hooks run when resources change; offline nothing does while the graph is made."""
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any) -> empty_pb2.Empty:
        """The same for hooks on errors."""
        return empty_pb2.Empty()

    def GetDeploymentInfo(self, request: Any) -> resource_pb2.DeploymentInfo:
        """What the SDK may use."""
        return resource_pb2.DeploymentInfo(supportedFeatures=list(FEATURES))

    def SignalAndWaitForShutdown(self, request: Any) -> empty_pb2.Empty:
        """The program is done; nothing is pending here."""
        return empty_pb2.Empty()

    def _record(self, resource: Resource) -> None:
        with self._lock:
            if resource.urn in self._resources:
                raise ProgramError(f"Duplicate resource URN '{resource.urn}'; try giving it a unique name")
            parent = self._resources.get(resource.parent)
            if parent is not None:  # the SDK hands down protect and provider, the real engine these two
                resource = replace(
                    resource,
                    retain_on_delete=resource.retain_on_delete or parent.retain_on_delete,
                    deleted_with=resource.deleted_with or parent.deleted_with,
                    protect=resource.protect or parent.protect,
                )
            self._resources[resource.urn] = resource

    def _provided(self, resource: Resource) -> Resource:
        own = resource.type.startswith(("pulumi:", PROVIDER_PREFIX))
        if not resource.custom or resource.provider or own:
            return resource
        rules.check_default_provider(self._config, resource.type, resource.urn)
        package = rules.package_of(resource.type)
        urn = rules.default_provider_urn(self._stack, self._project, package, resource.version)
        return replace(resource, provider=urn)

    def _named(self, resource: Resource) -> Resource:
        if resource.is_release:
            rules.check_release_name(resource.urn, resource.inputs)
        if not resource.is_kubernetes_object:
            return resource
        name = rules.name_of_object(self._config, resource.urn, resource.name, resource.inputs)
        if name is None:
            return resource
        metadata = {**(resource.inputs.get("metadata") or {}), "name": name}
        return replace(resource, inputs={**resource.inputs, "metadata": metadata})

    @staticmethod
    def _refuse_what_cannot_be_seen(request: resource_pb2.RegisterResourceRequest, urn: str) -> None:
        if request.remote:
            raise ProgramError(
                f"'{urn}' is a remote component: its children exist only inside a provider plugin. "
                "Use typed resources, CustomResource or helm.v3.Release"
            )
        if request.transforms:
            raise ProgramError(f"'{urn}' has transforms: say the same in its arguments")


class Engine:
    """The other half the SDK wants: where log lines go."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        """Keep warnings and errors; the SDK logs a debug line for every call."""
        if request.severity not in (engine_pb2.DEBUG, engine_pb2.INFO):
            self.messages.append((engine_pb2.LogSeverity.Name(request.severity).lower(), request.message))
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, request: Any) -> empty_pb2.Empty:
        """There is no Pulumi binary here whose version could be wrong."""
        return empty_pb2.Empty()
