"""Endpoints: the pod that answers, the two ways its replicas come and go, and the gateway in front."""
