"""PDF by ReportLab, which ships in the console's zip alone."""
