#!/bin/sh
# Runs a command as two ranks that sit in two network namespaces, joined by a cable:  two_networks.sh OUTPUTS COMMAND...
# Their standard errors go to OUTPUTS.0 and OUTPUTS.1; the exit code is 0 where both have it. 77 where this user may not
# make namespaces.
set -eu
if [ "${1-}" != --inside ]; then
  unshare --user --map-root-user --net sh -c 'unshare --net true && ip link add va type veth peer name vb' \
    >/dev/null 2>&1 || exit 77
  exec unshare --user --map-root-user --net sh "$0" --inside "$@"
fi
shift
outputs=$1
shift
unshare --net sleep 600 &
other=$!
trap 'kill $other' EXIT
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
ip link add va type veth peer name vb netns $other
ip address add 10.77.0.1/24 dev va
ip link set va up
ip link set lo up
nsenter --target $other --net sh -c 'ip address add 10.77.0.2/24 dev vb; ip link set vb up; ip link set lo up'
export WORLD_SIZE=2 MASTER_ADDR=10.77.0.1 MASTER_PORT=29500
RANK=1 nsenter --target $other --net "$@" 2>"$outputs.1" >/dev/null &
second=$!
RANK=0 "$@" 2>"$outputs.0" >/dev/null || exit 1
wait $second
