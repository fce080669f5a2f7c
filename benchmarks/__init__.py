"""What Leafproof's work costs, each figure beside its floor: `make bench`.

The floor is the work that cannot be avoided on the same bytes (signatures, hashes, decoding, one fsync a group),
measured in the same run, on the same machine under the same load. So the ratio says more than the figure does.
"""
