"""Figures for Prometheus, and health over HTTP: a server that is off unless it is asked for."""
