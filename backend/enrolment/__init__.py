"""Who may speak: operators and their issuer keys, gateways, and this server's own log, all put on the chain."""
