#!/bin/sh
# Says what it found, then becomes the command. PROFILE=smoke|demo|affwild2 switches first.
set -eu

if [ ! -w . ]; then
    echo "$PWD is not writable for uid $(id -u): run with --user \"\$(id -u):\$(id -g)\", as its owner" >&2
    exit 1
fi
cmp -s requirements.lock /opt/venv/requirements.lock ||
    echo "requirements.lock is not the one this image was built from: build it again" >&2

# DVC tells a killed run's lock from a living one's by process number, and in containers those
# repeat. A file lock, held as long as the command runs, tells the truth.
mkdir -p .dvc/tmp
exec 9> .dvc/tmp/container.lock
if flock --nonblock 9; then rm -f .dvc/tmp/rwlock; fi
flock --shared 9

python -m ferblur.preflight ${PROFILE:+"$PROFILE"} >&2 || case "$*" in
    "dvc repro"* | "dvc exp run"*) exit 1 ;;
esac
exec "$@"
