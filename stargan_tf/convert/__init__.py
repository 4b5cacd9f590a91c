"""The official PyTorch checkpoints, read and written."""
