/** A function of a script, `limit SECONDS COMMAND…`: by `timeout`, where the node has one. */
export const limitLine = 'limit() { if command -v timeout > /dev/null; then timeout "$@"; else shift; "$@"; fi; }'
