"""The two listeners of the gateway: one for clients outside of the cluster, one for pods.

Why separate: a host that Knative calls cluster-local must not be reachable from outside, whatever Host header a
client sends.
"""

from __future__ import annotations

from typing import Any

from .clusters import TYPE, socket_address, watched_file
from .settings import Settings

EXTERNAL = "external"
INTERNAL = "internal"
LISTENERS = (EXTERNAL, INTERNAL)

# One JSON object a request on stdout: enough to tell the path of a request hop by hop and where its time went.
ACCESS_LOG_FIELDS = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "method": "%REQ(:METHOD)%",
    "authority": "%REQ(:AUTHORITY)%",
    "path": "%REQ(:PATH)%",
    "protocol": "%PROTOCOL%",
    "endpoint": "%VIRTUAL_CLUSTER_NAME%",
    "revision": "%REQ(KNATIVE-SERVING-REVISION)%",
    "status": "%RESPONSE_CODE%",
    "grpc_status": "%GRPC_STATUS%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "upstream_cluster": "%UPSTREAM_CLUSTER%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "upstream_failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "upstream_service_time_ms": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "duration_ms": "%DURATION%",
    "request_duration_ms": "%REQUEST_DURATION%",
    "response_duration_ms": "%RESPONSE_DURATION%",
    "response_tx_duration_ms": "%RESPONSE_TX_DURATION%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "downstream": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "user_agent": "%REQ(USER-AGENT)%",
}


def listeners(settings: Settings) -> list[dict[str, Any]]:
    """Both listeners; their routes come from files, so they change only with the settings."""
    ports = {EXTERNAL: settings.external_port, INTERNAL: settings.internal_port}
    return [_listener(name, ports[name], settings) for name in LISTENERS]


def _listener(name: str, port: int, settings: Settings) -> dict[str, Any]:
    manager = {"name": "envoy.filters.network.http_connection_manager", "typed_config": _manager(name, settings)}
    return {
        "@type": f"{TYPE}envoy.config.listener.v3.Listener",
        "name": name,
        "stat_prefix": name,
        "address": socket_address(settings.bind_address, port),
        "per_connection_buffer_limit_bytes": 1 << 20,
        "filter_chains": [{"filters": [manager]}],
    }


def _manager(name: str, settings: Settings) -> dict[str, Any]:
    return {
        "@type": f"{TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "codec_type": "AUTO",
        "rds": {"route_config_name": name, "config_source": watched_file(settings.xds_dir, f"rds-{name}.json")},
        "http_filters": _filters(),
        "access_log": [_access_log(name)],
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        # The client's address is the peer's, and nobody outside may steer retries or timeouts by x-envoy-* headers.
        "use_remote_address": True,
        # An empty list would mean every private address; this one is nobody's.
        "internal_address_config": {"cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}]},
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "normalize_path": True,
        # No limit on a whole request: a generation streams for minutes. An hour without a byte ends it.
        "request_timeout": "0s",
        "stream_idle_timeout": "3600s",
        # 30 s for the headers alone: a client that never sends them would hold its connection for ever.
        "request_headers_timeout": "30s",
        "common_http_protocol_options": {"idle_timeout": "3600s"},
        "http2_protocol_options": {
            "allow_connect": True,
            "max_concurrent_streams": 1000,
            "initial_stream_window_size": 1 << 20,
            "initial_connection_window_size": 16 << 20,
        },
    }


def _filters() -> list[dict[str, Any]]:
    # gRPC hides its errors behind status 200; this filter counts them by cluster.
    stats = f"{TYPE}envoy.extensions.filters.http.grpc_stats.v3.FilterConfig"
    router = f"{TYPE}envoy.extensions.filters.http.router.v3.Router"
    return [
        {
            "name": "envoy.filters.http.grpc_stats",
            "typed_config": {"@type": stats, "stats_for_all_methods": False, "emit_filter_state": True},
        },
        {"name": "envoy.filters.http.router", "typed_config": {"@type": router}},
    ]


def _access_log(name: str) -> dict[str, Any]:
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": f"{TYPE}envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"json_format": {"listener": name, **ACCESS_LOG_FIELDS}},
        },
    }
