"""Objectives in, hardware out: the cheapest numbers of machines that serve a given traffic."""
