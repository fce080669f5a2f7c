#!/bin/sh
# Installs the compiler and the development chain from package-lock.json, with npm from PATH or from .venv.
set -eu
cd "$(dirname "$0")/.."
ready=node_modules/.ready

if command -v flock >/dev/null 2>&1; then
	exec 9<mk/setup-node.sh
	flock 9
	if [ "$ready" -nt package-lock.json ] && [ "$ready" -nt mk/setup-node.sh ]; then
		exit 0
	fi
fi

# What the packages ask for; an older npm gives way to the one that came as a Python package.
fits() { command -v npm >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20)' >/dev/null 2>&1; }

if ! fits; then
	PATH="$PWD/.venv/bin:$PATH"
	export PATH
fi
echo "setup 3/3: compiler and development chain in node_modules"
npm ci --no-audit --no-fund --ignore-scripts --no-update-notifier --loglevel=error >/dev/null
touch "$ready"
