"""Stores: where the live monitor keeps what it knows. Each module is one adapter of the port `monitor.store`.

Adapters do not know each other; what the two SQL ones share (`schema`, `sql`, `codec`, `migrations`) knows neither.
"""
