#!/bin/sh
# Checks the project, prints what it found, and becomes the command; for `dvc repro` alone, the
# command that does the same with the trainings side by side. PROFILE=smoke|demo|affwild2 switches
# the profile first.
set -eu

if [ ! -w . ]; then
    echo "$PWD is not writable for uid $(id -u): run with --user \"\$(id -u):\$(id -g)\", as its owner" >&2
    exit 1
fi
cmp -s requirements.lock /opt/venv/requirements.lock ||
    echo "requirements.lock is not the one this image was built from: build it again" >&2

# DVC recognises a killed run's lock by its process number, but these numbers repeat in containers.
# A file lock that is held as long as the command runs shows whether another container is at work.
mkdir -p .dvc/tmp
exec 9> .dvc/tmp/container.lock
if flock --nonblock 9; then rm -f .dvc/tmp/rwlock; fi
flock --shared 9

# An error stops a run of the pipeline, but no other command. --no-device spares the other commands
# the seconds that loading torch takes.
preflight() {
    python -m ferblur.commands.preflight "$@" ${PROFILE:+"$PROFILE"} >&2
}
case "$*" in
    "dvc repro"* | "dvc exp run"*) preflight || exit 1 ;;
    *) preflight --no-device || true ;;
esac
if [ "$*" = "dvc repro" ]; then set -- python -m ferblur.commands.repro; fi
exec "$@"
