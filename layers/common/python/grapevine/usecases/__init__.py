"""One verb per file: a command and a function of command, ports and now."""
