"""How long requests take where they wait for each other: dynamic batching at a rate of arrivals."""
