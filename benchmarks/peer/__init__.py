"""The papers' networks and training iterations in plain PyTorch, for comparison.

They are written from the papers' tables for the benchmarks and are not installed.
"""
