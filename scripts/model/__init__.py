"""What makes the example language model and what talks to it: corpus, training, ONNX export, client."""
