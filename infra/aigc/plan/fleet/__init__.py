"""Models and objectives in, machines of the catalog out: the cheapest fleet over the clouds, and why the rest lost."""
