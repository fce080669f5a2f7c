"""The log as C2SP tlog-tiles: signed checkpoints, cosigned by witnesses; tiles; bundles of entries."""
