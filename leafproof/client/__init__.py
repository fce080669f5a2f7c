"""Reading from outside: a chain node by JSON-RPC. The only part of the kernel, beside the CLI, that does I/O."""
