"""The composition root: wires the pure rooms to files, processes and the clock. It draws nothing."""

from vedette.app.scan import Moment, Report, ScanOptions, Window, open_inputs, scan, verbatim

__all__ = ["Moment", "Report", "ScanOptions", "Window", "open_inputs", "scan", "verbatim"]
