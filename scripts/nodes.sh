# Sourced by what measures several nodes: starts them on the engines of scripts/engines, and stops them. It works in the
# checkout's directory, on a directory of its own that goes when the script ends; $binary is the program, which whoever
# built it just now names by CHINWAG_BIN.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
secret=$(head -c 32 /dev/urandom | base64)
nodes=()

# Builds the program and starts engines; whatever was started is stopped when the script ends.
begin() { # engine...
  here=$(mktemp -d)
  trap "stop_nodes $*" EXIT
  if [ -z "${CHINWAG_BIN:-}" ]; then
    cargo build --workspace --release --locked --bin chinwag
    CHINWAG_BIN=$PWD/target/release/chinwag
  fi
  binary=$CHINWAG_BIN
  # Nodes take what begins so for their settings.
  unset CHINWAG_BIN
  scripts/engines/up "$@"
}

# Stops the nodes, then the engines named.
stop_nodes() { # engine...
  local node
  for node in "${nodes[@]}"; do kill -TERM "$node" 2>/dev/null || true; done
  for node in "${nodes[@]}"; do wait "$node" 2>/dev/null || true; done
  scripts/engines/down "$@"
  rm -rf "$here"
}

# Starts a node that clients find at a port, unless its roles serve none, and whose metrics are 1,000 ports further.
start_node() { # port, roles
  mkdir -p "$here/$1"
  cat >"$here/$1/node.toml" <<TOML
listen = "127.0.0.1:$1"
data_dir = "data"
[metrics]
listen = "127.0.0.1:$(($1 + 1000))"
[node]
listen = "127.0.0.1:0"
key = "a key of at least thirty-two bytes"
roles = [$2]
[auth]
jwt_secret = "$secret"
[storage]
min_free = "0"
[limits]
rates = "off"
[engines]
store = "cassandra"
directory = "cassandra"
presence = "redis"
bus = "redis"
queue = "kafka"
search = "embedded"
[cassandra]
contact_points = ["127.0.0.1:19042"]
keyspace = "bench_$$"
replication = 1
[redis]
urls = ["redis://127.0.0.1:16379"]
prefix = "bench_$$"
[kafka]
brokers = ["127.0.0.1:19092"]
prefix = "bench_$$"
partitions = 4
replication = 1
TOML
  (cd "$here/$1" && exec "$binary" serve --config node.toml >log 2>&1) &
  nodes+=($!)
}

# Waits until a node is ready.
await_node() { # port
  for _ in $(seq 600); do
    curl -fs "127.0.0.1:$(($1 + 1000))/readyz" >/dev/null && return
    sleep 0.1
  done
  tail -n 5 "$here/$1/log" >&2
  return 1
}
