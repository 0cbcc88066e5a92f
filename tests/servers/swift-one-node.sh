#!/usr/bin/env bash
# swift-one-node.sh start|stop|status STATE_DIR
#
# OpenStack Swift with its S3 API on loopback: account, container, object and proxy server, one replica each, no memcached,
# no rsync, no Debian package. From PyPI: requirements-servers.txt in a virtual environment, whose bin SWIFT_BIN names.
#
# Ports: SWIFT_PORT (18080) for S3, and the next three for the storage servers.
# Users: one account each; SWIFT_USERS="name:secret name:secret" (default two). The access key is name:s3. In each account
#        there is also name:denied (secret: the user's and "-denied"), which may do nothing: 403 everywhere.
# stdout of start and status: KEY=value lines. Messages go to stderr. Exit 0 up, 1 failed/degraded, 2 usage, 3 stopped.
#
# Differs from S3 as set up here: no tags, bucket policies, SSE, CORS, website redirects (501); no Object Lock; PUT with
# If-Match is 501; part numbers end at 1,000; a metadata value ends at 256 bytes; one namespace of buckets for each account.
set -euo pipefail
usage() { sed -n '2,14p' "$0" >&2; exit 2; }
[ $# -eq 2 ] || usage
OP=$1; D=$(realpath -m "$2"); LIMIT=${WAIT_SECONDS:-60}
case $D in /|/tmp|/dev/shm|/var|/home|"$HOME") echo "refusing to use $D as a state directory" >&2; exit 2;; esac
H=127.0.0.1; P=${SWIFT_PORT:-18080}; SERVERS="account container object proxy"
USERS=${SWIFT_USERS:-"swiftone:swiftone-secret-0001 swifttwo:swifttwo-secret-0002"}
BIN=${SWIFT_BIN:-$(dirname "$(command -v swift-proxy-server || echo /nowhere/x)")}
say() { echo "swift-one-node: $*" >&2; }

# A pid counts as ours only while its command line names this state directory.
pid_of() { cat "$D/run/$1.pid" 2>/dev/null || true; }
alive() { local p; p=$(pid_of "$1"); [ -n "$p" ] && tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -qF -- "$D/"; }
taken() { (exec 3<>"/dev/tcp/$H/$1") 2>/dev/null; }
answers() { local line=; exec 3<>"/dev/tcp/$H/$P" 2>/dev/null || return 1
  printf 'GET /healthcheck HTTP/1.0\r\n\r\n' >&3; read -r -t 2 line <&3 || true; exec 3>&-; [[ $line == *" 200 "* ]]; }
healthy() { local n; for n in $SERVERS; do alive $n || return 1; done; answers 2>/dev/null; }
end_all() {  # TERM, then KILL
  local n i live; for n in $SERVERS; do alive $n && kill "$(pid_of $n)" 2>/dev/null || true; done
  for i in $(seq 50); do live=; for n in $SERVERS; do alive $n && live=1; done; [ -z "$live" ] && break; sleep 0.1; done
  for n in $SERVERS; do alive $n && kill -9 "$(pid_of $n)" 2>/dev/null || true; rm -f "$D/run/$n.pid"; done; }
lines() { local u i=0; echo "SWIFT_ENDPOINT=http://$H:$P"; for u in $USERS; do i=$((i + 1))
  echo "SWIFT_AK$i=${u%%:*}:s3"; echo "SWIFT_SK$i=${u#*:}"; echo "SWIFT_DENIED_AK$i=${u%%:*}:denied"; echo "SWIFT_DENIED_SK$i=${u#*:}-denied"; done; }

configure() {
  local t n u; mkdir -p "$D"/{etc,run,log,node/d1,cache}
  cat >"$D/etc/swift.conf" <<X
[swift-hash]
swift_hash_path_suffix = suffix
swift_hash_path_prefix = prefix
[storage-policy:0]
name = one
default = yes
[swift-constraints]
max_header_size = 16384
X
  for t in account:1 container:2 object:3; do n=${t%:*}
    ( cd "$D/etc"; "$BIN/swift-ring-builder" $n.builder create 4 1 1
      "$BIN/swift-ring-builder" $n.builder add "r1z1-$H:$((P + ${t#*:}))/d1" 1
      "$BIN/swift-ring-builder" $n.builder rebalance ) >"$D/log/ring-$n.log" 2>&1 || [ -e "$D/etc/$n.ring.gz" ]  # a warning is exit code 1
    cat >"$D/etc/$n-server.conf" <<X
[DEFAULT]
bind_ip = $H
bind_port = $((P + ${t#*:}))
workers = 0
swift_dir = $D/etc
devices = $D/node
mount_check = false
disable_fallocate = true
user = $(id -un)
log_level = WARNING
recon_cache_path = $D/cache
[pipeline:main]
pipeline = $n-server
[app:$n-server]
use = egg:swift#$n
X
  done
  { cat <<X
[DEFAULT]
bind_ip = $H
bind_port = $P
workers = 0
swift_dir = $D/etc
user = $(id -un)
log_level = WARNING
[pipeline:main]
pipeline = catch_errors healthcheck proxy-logging cache etag-quoter listing_formats bulk ratelimit s3api tempauth copy slo dlo versioned_writes symlink proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# There is no other node to go to instead: one that fails is asked again.
error_suppression_interval = 0
allow_open_expired = false
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:proxy-logging]
use = egg:swift#proxy_logging
access_log_level = ERROR
[filter:cache]
use = egg:swift#memcache
memcache_servers = $H:1
error_suppression_limit = 1
[filter:etag-quoter]
use = egg:swift#etag_quoter
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:ratelimit]
use = egg:swift#ratelimit
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
auth_pipeline_check = true
min_segment_size = 5242880
dns_compliant_bucket_names = true
max_bucket_listing = 1000
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
X
    for u in $USERS; do n=${u%%:*}
      echo "user_${n}_s3 = ${u#*:} .admin http://$H:$P/v1/AUTH_$n"; echo "user_${n}_denied = ${u#*:}-denied http://$H:$P/v1/AUTH_$n"; done
  } >"$D/etc/proxy-server.conf"; }

case $OP in
start)
  [ -x "$BIN/swift-proxy-server" ] || { say "swift-proxy-server is missing: pip install --require-hashes -r requirements-servers.txt"; exit 1; }
  if healthy; then say "already up on $P"; lines; exit 0; fi
  end_all
  for i in 0 1 2 3; do if taken $((P + i)); then say "port $((P + i)) is taken by someone else; set SWIFT_PORT"; exit 1; fi; done
  configure
  for n in $SERVERS; do SWIFT_DIR="$D/etc" setsid "$BIN/swift-$n-server" "$D/etc/$n-server.conf" >"$D/log/$n.log" 2>&1 </dev/null & echo $! >"$D/run/$n.pid"; done
  for i in $(seq $((LIMIT * 10))); do healthy && break; sleep 0.1; done
  healthy || { say "did not come up; $D/log"; tail -n 4 "$D"/log/*.log >&2; end_all; exit 1; }
  say "up on $P"; lines;;
stop) end_all; if [ "${KEEP_LOGS:-}" != 1 ]; then for n in etc run log node cache; do rm -rf "${D:?}/$n"; done; rmdir "$D" 2>/dev/null || true; fi; say stopped;;
status) up=0; for n in $SERVERS; do if alive $n; then say "$n pid $(pid_of $n)"; up=$((up + 1)); else say "$n down"; fi; done
  [ $up = 0 ] && exit 3; healthy || exit 1; lines;;
*) usage;;
esac
