"""The papers' networks and iterations in plain PyTorch, to measure ours by.

Written from the papers' tables for the benchmarks; not part of the package.
"""
