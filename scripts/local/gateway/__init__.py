"""The ingress of a local cluster: Knative's Ingress objects and steady endpoints become Envoy configuration.

Why it exists: no implementation of Knative's networking layer can be had as a Go module, and on a local cluster there
is nothing else that turns `networking.internal.knative.dev/v1alpha1 Ingress` into a proxy. On clouds this is
Kourier's job.

The package is importable as `scripts.local.gateway` (tests) and as `gateway` (in the image), so imports are relative.

How to run it (what the Deployment `gateway` in namespace `gateway` needs)
-------------------------------------------------------------------------
Pod: `serviceAccountName: gateway-controller` (bound to the ClusterRole of `k8s/local/gateway/rbac.yaml`),
`terminationGracePeriodSeconds: 40`, all containers uid 65532, read-only root file system, no capability. Volumes:
`xds` emptyDir, mounted at `/xds` in all three containers (read-only in `envoy`); `bootstrap` = ConfigMap with the
verbatim text of `k8s/local/gateway/envoy-bootstrap.yaml` under the key `envoy.yaml`, mounted at `/etc/envoy`.

* initContainer `init-xds`, image role gateway-controller, args `["init"]` (entry point `python3 -m gateway`): writes
  an empty, valid configuration unless one is there. Envoy refuses to start when a file it is told to watch is
  missing.
* container `envoy`, image role envoy (entry point `envoy`), args `["-c", "/etc/envoy/envoy.yaml", "--concurrency",
  "2", "--disable-hot-restart", "--log-level", "warning", "--file-flush-interval-msec", "250"]` (the last two: without
  them a line of the access log appears up to 10 s late). Ports: `external` 8080, `internal` 8081, `metrics` 9090
  (Prometheus: `/stats/prometheus`). startupProbe and readinessProbe: HTTP GET `/ready` on 9090; livenessProbe: TCP
  9090 (a draining Envoy answers 503 on /ready and must not be restarted for it). `lifecycle.preStop.sleep.seconds:
  15` (the controller tells Envoy to drain meanwhile).
* container `controller`, image role gateway-controller, args `["run"]`. Port: `health` 8090. readinessProbe:
  `/healthz` (true after the first full sync that Envoy has loaded; stays true while the API server is away),
  livenessProbe: `/livez`. Env: `POD_IP` from `status.podIP`, `PYTHONUNBUFFERED=1`; the rest has defaults, see
  `settings.py`.

Services: `gateway` (port `http2` 80 -> 8080, nodePort 30080) and `gateway-internal` (port `http2` 80 -> 8081).
Network policy: in: 8080 from anywhere, 8081 from all namespaces, 9090 from monitoring, 8090 from the node and from
the other gateway pods; out: the API server, DNS, and every pod of every namespace that has endpoints (8012, 8013,
8080 ...). ConfigMap needs nothing else; changing the bootstrap needs a new pod (put a hash of it in a pod
annotation).

The in-pod mux (`k8s/local/gateway/mux.yaml`) of an endpoint's pod
------------------------------------------------------------------
Args `["-c", "/etc/envoy/mux.yaml", "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]`; port
8080 (`h2c`). Envoy exits at once on SIGTERM, so whoever runs it keeps SIGTERM away until the work is done: in a
Knative pod the queue-proxy's preStop does; in a steady Deployment make the mux a native sidecar (init container with
`restartPolicy: Always`, which gets its SIGTERM only after Triton has ended) and give Triton
`lifecycle.preStop.sleep.seconds: 5` and its own exit timeout.

A steady endpoint is a Service labelled `aigc/endpoint: <name>`, annotated `aigc/host: <host>`, with a port named `h2c`.

Metrics (Prometheus names):
`envoy_vhost_vcluster_upstream_rq_time_bucket{envoy_virtual_cluster="<namespace>/<endpoint>"}` is the latency of each
endpoint seen from the gateway (the SLI), `envoy_vhost_vcluster_upstream_rq_xx{...,envoy_response_code_class}` its
answers, `envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="<namespace>/<service>/<port>"}` the same for each
revision, and `envoy_http_downstream_rq_time_bucket{envoy_http_conn_manager_prefix="external"}` the whole listener.
Milliseconds.
"""
