"""`python -m scripts.measure`: what batches of reference models take on a GPU; it needs PyTorch and these files."""
