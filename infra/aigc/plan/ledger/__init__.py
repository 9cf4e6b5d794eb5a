"""Each prediction beside what was measured: how far off the cost model is, per model and accelerator, and why."""
