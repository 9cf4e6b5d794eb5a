"""AWS stacks whose nodes Karpenter itself makes, on its KWOK provider, out of machines of our catalog."""
