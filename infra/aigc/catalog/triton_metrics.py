"""Names of the series that Triton exposes (2.41 and newer), for the rules, the dashboards and the autoscaler alike."""

from __future__ import annotations

TRITON_JOB = "triton"
TRITON_SUCCESSES = "nv_inference_request_success"
TRITON_FAILURES = "nv_inference_request_failure"
TRITON_REQUEST_US = "nv_inference_request_duration_us"
TRITON_QUEUE_US = "nv_inference_queue_duration_us"
TRITON_COMPUTE_US = (
    "nv_inference_compute_input_duration_us",
    "nv_inference_compute_infer_duration_us",
    "nv_inference_compute_output_duration_us",
)
"""Microseconds, summed over requests as the queue's are: each request of a batch counts the whole batch."""
TRITON_INFERENCES = "nv_inference_count"
TRITON_EXECUTIONS = "nv_inference_exec_count"
TRITON_PENDING = "nv_inference_pending_request_count"
"""Requests that wait in Triton for an instance."""
NODE_MEMORY_USED_BYTES = "nv_cpu_memory_used_bytes"
NODE_MEMORY_TOTAL_BYTES = "nv_cpu_memory_total_bytes"
"""Triton reads /proc/meminfo: the whole node's memory, not the pod's."""
GPU_MEMORY_USED_BYTES = "nv_gpu_memory_used_bytes"
GPU_MEMORY_TOTAL_BYTES = "nv_gpu_memory_total_bytes"
TRITON_NOT_A_FAULT = 'reason!="CANCELED"'
"""A client that hangs up is counted as a failure by Triton."""
