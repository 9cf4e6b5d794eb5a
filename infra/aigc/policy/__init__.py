"""Rules of the house for what a stack declares: one set, run by `preview` and by `pulumi up` (a policy pack)."""
