"""The live monitor: results of objects in, alerts and deliveries out, through a store that keeps every step.

Pure but for the store that it is given: it reads no clock, opens nothing, starts nothing.
"""
