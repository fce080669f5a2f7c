"""What a deployment needs before it starts: certificates, the chain's genesis, secrets, configurations."""
