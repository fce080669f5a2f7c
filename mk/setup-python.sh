#!/bin/sh
# Makes .venv and installs the locked packages and this project into it. An interrupted run is begun again.
set -eu
cd "$(dirname "$0")/.."
under_way=.venv/.under-way
ready=.venv/.ready

# Two at one time (an editor's and a terminal's, say) would undo each other's work.
if command -v flock >/dev/null 2>&1; then
	exec 9<mk/setup-python.sh
	flock 9
	if [ "$ready" -nt requirements/locked.txt ] && [ "$ready" -nt pyproject.toml ] && [ "$ready" -nt mk/setup-python.sh ]; then
		exit 0
	fi
fi

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
	for name in "${PYTHON:-python3.11}" python3 python3.12 python3.13; do
		if fits "$name"; then
			echo "$name"
			return
		fi
	done
	echo "Leafproof needs Python 3.11 or newer, and found none; install it, or name one: make PYTHON=/path/to/python3.11" >&2
	exit 1
}

usable() { [ ! -e "$under_way" ] && fits .venv/bin/python && .venv/bin/python -c 'import pip' >/dev/null 2>&1; }

if ! usable; then
	python=$(find_python)
	if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
		version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
		echo "$python cannot make virtual environments here: install its venv module (on Debian: apt-get install python$version-venv) and run make again." >&2
		exit 1
	fi
	echo "setup 1/3: Python environment in .venv"
	"$python" -m venv --clear .venv
fi
touch "$under_way"
echo "setup 2/3: Python packages, as locked in requirements/locked.txt (the first time takes a minute or two)"
# The lock is whole: nothing is left to resolve. (A resolver that meets an extra of a locked package may prefer a version
# that came out since, and then refuse it for having no hash.)
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/locked.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
# Where Python is told not to write bytecode (containers often do), each command would compile everything anew.
.venv/bin/python -m compileall -q leafproof iot_gateway backend
rm "$under_way"
touch "$ready"
