"""One module a cloud, named as the plan names the cloud; `scripts.capacity.contract` says what it must have."""
