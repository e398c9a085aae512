# Sourced by the scripts beside it: where engines live, and how their processes are started, awaited and stopped.
# Each engine's script knows `install`, `start`, `stop` and `run DIRECTORY PORT…` (in the foreground, for tests that
# own a process). ENGINES_ADDRESS is the loopback address that all bind to: give each checkout its own to run two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

address=${ENGINES_ADDRESS:-127.0.0.1}
engines=${ENGINES_DIR:-$PWD/target/engines}

# Whether the process named in a file still lives, and is the one that was started (ids are given again).
lives() { # name
  local file="$engines/$1/pid" id started
  [ -f "$file" ] || return 1
  read -r id started <"$file"
  [ -r "/proc/$id/stat" ] && [ "$(start_time "$id")" = "$started" ]
}

start_time() { # process id: the 22nd field, counted after the name, which may hold spaces
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

# Starts a command in the background with its output in a log, and keeps its process id.
start_process() { # name, command...
  local name=$1
  shift
  mkdir -p "$engines/$name"
  (
    # Neither this terminal's signals nor its closing are the engine's concern.
    exec setsid "$@" </dev/null >"$engines/$name/log" 2>&1
  ) &
  local id=$!
  disown "$id"
  # setsid forks only where it leads a group already, so this is the engine's own id.
  echo "$id $(start_time "$id")" >"$engines/$name/pid"
}

# Waits until a check succeeds, the process dies, or a minute is over.
await() { # name, command...
  local name=$1
  shift
  for _ in $(seq 600); do
    "$@" >/dev/null 2>&1 && return 0
    lives "$name" || break
    sleep 0.1
  done
  echo "$name didn't come up; the end of $engines/$name/log:" >&2
  tail -n 20 "$engines/$name/log" >&2
  stop_process "$name"
  return 1
}

# Asks the process to end, and ends it where it doesn't within ten seconds.
stop_process() { # name
  local name=$1 id _started
  if lives "$name"; then
    read -r id _started <"$engines/$name/pid"
    # A process that was stopped takes no signal but these.
    kill -CONT "$id" 2>/dev/null || true
    kill -TERM "$id" 2>/dev/null || true
    for _ in $(seq 100); do
      lives "$name" || break
      sleep 0.1
    done
    lives "$name" && kill -KILL "$id" 2>/dev/null
  fi
  rm -f "$engines/$name/pid"
}

# Refuses a port that somebody else has, rather than take their engine for ours.
must_be_free() { # port...
  local port
  for port in "$@"; do
    if (exec 3<>"/dev/tcp/$address/$port") 2>/dev/null; then
      echo "$address:$port is taken by a process that isn't ours: stop it, or set ENGINES_ADDRESS to another 127.0.0.x" >&2
      return 1
    fi
  done
}
