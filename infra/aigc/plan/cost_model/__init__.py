"""What a model costs on an accelerator: the time of a batch and the requests a second, measured or by roofline."""
